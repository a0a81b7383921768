/** Readers of Linux's /proc tables: the counters of disks and networks without starting a process. Formats: proc(5), kernel Documentation/admin-guide/iostats.rst. */
const SECTOR_BYTES = 512;
/** Devices whose bytes are counted again by the device below or above them. */
const LAYERED_DISK = /^(loop|ram|zram|dm-|md|sr|fd|nbd|zd)/;
const VIRTUAL_LINK = /^(lo|ifb|dummy|veth|docker|br-|virbr|cni|flannel|cali|tun|tap|wg|bond)/;

/** Sums over disks of /proc/diskstats, partitions and layered devices left out; null when no disk is listed. */
export function parseDiskStats(text: string): { readBytes: number; writeBytes: number } | null {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const disks = rows.filter((row) => row.length >= 10 && !LAYERED_DISK.test(row[2]!));
  const names = new Set(disks.map((row) => row[2]!));
  let readBytes = 0;
  let writeBytes = 0;
  let found = false;
  for (const row of disks) {
    if (isPartition(row[2]!, names)) continue;
    const read = Number(row[5]);
    const written = Number(row[9]);
    if (!Number.isFinite(read) || !Number.isFinite(written)) continue;
    readBytes += read * SECTOR_BYTES;
    writeBytes += written * SECTOR_BYTES;
    found = true;
  }
  return found ? { readBytes, writeBytes } : null;
}

/** sda1 of sda, nvme0n1p2 of nvme0n1: only where the whole disk is listed too, which some containers lack. */
function isPartition(name: string, names: ReadonlySet<string>): boolean {
  const disk = /^(.*\d)p\d+$/.exec(name) ?? /^(.*\D)\d+$/.exec(name);
  return disk !== null && names.has(disk[1]!);
}

/** Sums over the links of /proc/net/dev, virtual ones left out unless there is nothing else; null when only lo is listed. */
export function parseNetDev(text: string): { rxBytes: number; txBytes: number } | null {
  const links: { name: string; rx: number; tx: number }[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*([^:\s]+):\s*(.*)$/.exec(line);
    if (!match) continue;
    const columns = match[2]!.trim().split(/\s+/);
    const rx = Number(columns[0]);
    const tx = Number(columns[8]);
    if (Number.isFinite(rx) && Number.isFinite(tx)) links.push({ name: match[1]!, rx, tx });
  }
  const real = links.filter((link) => !VIRTUAL_LINK.test(link.name));
  const counted = real.length > 0 ? real : links.filter((link) => link.name !== 'lo');
  if (counted.length === 0) return null;
  return { rxBytes: sum(counted.map((link) => link.rx)), txBytes: sum(counted.map((link) => link.tx)) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
