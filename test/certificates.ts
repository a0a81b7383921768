import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = ['-days', '2'];

const openssl = (dir: string, ...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: dir });

/** Makes an authority that signs certificates: NAME.crt and NAME.key in the folder. Returns the path of the first. */
export function authority(dir: string, name: string): string {
  openssl(
    dir,
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
    '-subj',
    `/CN=${name}`,
    ...DAYS,
  );
  return path.join(dir, `${name}.crt`);
}

export interface Certificate {
  key: string;
  certificate: string;
}

/** A server's key and certificate, PEM. subject: as openssl has it, such as DNS:localhost or IP:127.0.0.1. */
export function certificate(dir: string, signedBy: string, name: string, subject: string): Certificate {
  writeFileSync(path.join(dir, `${name}.names`), `subjectAltName=${subject}\n`);
  openssl(dir, 'req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  const signed = [
    '-CA',
    `${signedBy}.crt`,
    '-CAkey',
    `${signedBy}.key`,
    '-CAcreateserial',
    '-extfile',
    `${name}.names`,
  ];
  openssl(dir, 'x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...signed, ...DAYS);
  const read = (file: string) => readFileSync(path.join(dir, file), 'utf8');
  return { key: read(`${name}.key`), certificate: read(`${name}.crt`) };
}
