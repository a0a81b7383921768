import { Zstd } from '@hpcc-js/wasm-zstd';
import { CODECS, type CodecName } from '../ingest/kafka/codecs.ts';
import { crc32c } from '../ingest/kafka/unreadable.ts';

/** `npx tsx bench/kafka-codecs.ts`: decompressed MB/s of each codec, for batches of Tidewatch JSON in three sizes. */
const SIZES_BYTES = [16 << 10, 256 << 10, 1 << 20];
const ROUNDS = 7;
const ROUND_BYTES = 16 << 20;

function telemetry(sizeBytes: number): Buffer {
  const lines: string[] = [];
  for (let i = 0, size = 0; size < sizeBytes; i++) {
    const values = `"cpu_usage":${((i * 48271) % 99991) / 1e3},"mem_used":${(i * 69621) % 2147483647},"latency_ms":${((i * 16807) % 49999) / 1e3}`;
    const line = `{"entity":"host-${(i * 7919) % 500}","time":${1.76e12 + i * 137},"values":{${values}}}`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('').slice(0, sizeBytes));
}

async function megabytesPerSecond(bytes: number, once: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now();
    for (let done = 0; done < ROUND_BYTES; done += bytes) await once();
    rounds.push(ROUND_BYTES / 1e3 / (performance.now() - began));
  }
  // the first is for warming up
  return rounds.slice(1).sort((a, b) => a - b)[ROUNDS >> 1]!;
}

const zstd = await Zstd.load();
for (const sizeBytes of SIZES_BYTES) {
  const bytes = telemetry(sizeBytes);
  for (const name of Object.keys(CODECS) as CodecName[]) {
    const packed = name === 'zstd' ? Buffer.from(zstd.compress(bytes)) : await CODECS[name].compress(bytes);
    const speed = await megabytesPerSecond(bytes.length, () => CODECS[name].decompress(packed));
    const summing = await megabytesPerSecond(bytes.length, () => crc32c(packed));
    const share = (packed.length / bytes.length).toFixed(2);
    console.log(
      `${sizeBytes >> 10} KiB ${name}: ${speed.toFixed(0)} MB/s (with its checksum ${(1 / (1 / speed + 1 / summing)).toFixed(0)}), packed to ${share}`,
    );
  }
}
