/** Certificates of a test's own authority, made by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of a certificate and its key. */
export interface CertificatePaths {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates extends Disposable {
  /** Folder with all files. */
  readonly folder: string;
  /** Path of the authority's certificate. */
  readonly ca: string;
  /** Certificate of a server with the names `localhost` and `temporal.test`. */
  readonly server: CertificatePaths;
  readonly client: CertificatePaths;
  /** Certificate of a client that another authority has signed. */
  readonly stranger: CertificatePaths;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-dms-tls-'));
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  const sign = (name: string, ca: string, extensions: string): CertificatePaths => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, `${name}.ext`), `${extensions}\n`);
    const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by, '-extfile', `${name}.ext`);
    return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  };
  authority('authority');
  authority('other-authority');
  const forClient = 'extendedKeyUsage=clientAuth\nsubjectAltName=DNS:client.test';
  return {
    folder,
    ca: join(folder, 'authority.pem'),
    server: sign('server', 'authority', 'extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,DNS:temporal.test'),
    client: sign('client', 'authority', forClient),
    stranger: sign('stranger', 'other-authority', forClient),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

export const pemOf = (path: string) => readFileSync(path, 'utf8');
