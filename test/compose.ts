/** The rules of docker-compose.yml, each with its reason. compose.test.ts holds the file against them. */

export interface Service {
  image?: string;
  user?: string;
  read_only?: boolean;
  privileged?: boolean;
  cap_add?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  container_name?: string;
  network_mode?: string;
  env_file?: unknown;
  environment?: Record<string, string | number | null>;
  command?: string[];
  entrypoint?: string[];
  restart?: string;
  healthcheck?: { test?: string[]; interval?: string; timeout?: string; retries?: number };
  depends_on?: Record<string, { condition?: string }>;
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string; pids?: number } } };
  logging?: { options?: Record<string, string> };
  networks?: string[];
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  configs?: { source: string; target: string }[];
  secrets?: (string | { source: string; target?: string })[];
}

export interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
  configs: Record<string, { file: string }>;
  secrets: Record<string, { file: string }>;
}

/** name:1.2 or more exact, perhaps with a digest: neither latest nor a branch that moves by a major version. */
const EXACT_IMAGE = /^[a-z0-9][\w./-]*:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/;
const NUMERIC_USER = /^[1-9]\d*:[1-9]\d*$/;
const SECRET_NAME = /PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|DATABASE_URL/i;
const SECRET_TEXT = /:\/\/[^/\s:]+:[^@\s]+@|\bpassword\s*=/i;

/** A folder of deploy/observability at an absolute path, read-only. */
const PROVISIONED = /^\.\/deploy\/observability(\/[a-z]+)+:(\/[\w-]+)+:ro$/;

type Rule = (service: Service, compose: Compose, name: string) => string | false | undefined;

/** Somebody waits for its end, so it is done when it is done. */
const isOnce = (compose: Compose, name: string): boolean =>
  Object.values(compose.services).some(
    (other) => other.depends_on?.[name]?.condition === 'service_completed_successfully',
  );

const RULES: readonly Rule[] = [
  // The same file starts the same programs next year.
  ({ image }) => !EXACT_IMAGE.test(image ?? '') && `image ${image} is no exact version`,
  // Who breaks out of the process is nobody, can write nothing and gain nothing.
  ({ user }) => !NUMERIC_USER.test(user ?? '') && `user ${user} is no number above 0`,
  ({ read_only }) => read_only !== true && 'its root file system can be written',
  ({ cap_drop, cap_add }) => (cap_drop?.join() !== 'ALL' || cap_add !== undefined) && 'it keeps capabilities',
  ({ security_opt }) => !security_opt?.includes('no-new-privileges:true') && 'it may gain privileges',
  ({ privileged, network_mode }) => (privileged === true || network_mode !== undefined) && 'it shares the host',
  // Folders of the host, such as the engine's socket, are ways out; what is provisioned is read alone.
  ({ volumes }, compose) => {
    const foreign = volumes?.find(
      (volume) => !Object.hasOwn(compose.volumes, volume.split(':')[0]!) && !PROVISIONED.test(volume),
    );
    return foreign !== undefined && `volume ${foreign} is none of this file, nor provisioned read-only`;
  },
  // One that runs wild does not take the machine with it.
  ({ deploy }) => {
    const { cpus, memory, pids } = deploy?.resources?.limits ?? {};
    return (!cpus || !memory || !pids) && 'it lacks a limit on cpus, memory or pids';
  },
  ({ tmpfs }) => tmpfs?.some((mount) => !/[:,]size=/.test(mount)) && 'a tmpfs has no size',
  ({ logging }) => (!logging?.options?.['max-size'] || !logging.options['max-file']) && 'its log has no limit',
  // A name or a host port can be had once: such a service cannot be scaled. Other machines come in by no port.
  ({ container_name }) => container_name !== undefined && 'a fixed container_name',
  ({ ports }) => ports?.some((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port)) && 'a port is open beyond 127.0.0.1',
  ({ ports, networks }, compose) =>
    (ports?.length ?? 0) > 0 &&
    networks?.every((network) => compose.networks[network]?.internal) &&
    'a port of internal networks alone reaches nobody',
  ({ networks }, compose) =>
    (!networks?.length || networks.some((network) => !Object.hasOwn(compose.networks, network))) && 'its networks',
  // An environment shows in every inspection of the container, and goes to every child.
  ({ env_file }) => env_file !== undefined && 'an env_file',
  ({ environment = {} }) => {
    const told = Object.entries(environment).find(
      ([key, value]) => SECRET_TEXT.test(String(value)) || (SECRET_NAME.test(key) && !isSecretFile(key, value)),
    );
    return told !== undefined && `environment ${told[0]} holds a secret`;
  },
  ({ command = [], entrypoint = [] }) =>
    [...command, ...entrypoint].some((word) => SECRET_TEXT.test(word)) && 'an argument holds a secret',
  ({ secrets = [] }, compose) => {
    const source = (secret: (typeof secrets)[number]) => (typeof secret === 'string' ? secret : secret.source);
    const unknown = secrets.map(source).find((name) => !Object.hasOwn(compose.secrets, name));
    return unknown !== undefined && `secret ${unknown} is none of this file`;
  },
  ({ configs = [] }, compose) => {
    const unknown = configs.find(({ source }) => !Object.hasOwn(compose.configs, source));
    return unknown !== undefined && `config ${unknown.source} is none of this file`;
  },
  ({ depends_on = {} }, compose) => {
    const [other] =
      Object.entries(depends_on).find(
        ([target, { condition }]) =>
          !Object.hasOwn(compose.services, target) ||
          (condition === 'service_healthy' && compose.services[target]!.healthcheck === undefined) ||
          condition === 'service_started',
      ) ?? [];
    return other !== undefined && `it does not wait until ${other} is of use`;
  },
  // What runs on comes back and is asked how it is; what runs once does not run in circles.
  ({ restart }, compose, name) => {
    const wanted = isOnce(compose, name) ? 'no' : 'unless-stopped';
    return restart !== wanted && `restart ${restart}, wanted ${wanted}`;
  },
  ({ healthcheck }, compose, name) =>
    !isOnce(compose, name) &&
    (healthcheck?.interval !== '30s' ||
      healthcheck.timeout !== '5s' ||
      !healthcheck.retries ||
      !healthcheck.test?.length) &&
    'it is not asked every 30 s, within 5 s, how it is',
];

const isSecretFile = (key: string, value: string | number | null): boolean =>
  key.endsWith('_FILE') && String(value).startsWith('/run/secrets/');

/** One line for each breach. */
export function composeFaults(compose: Compose): string[] {
  const found = Object.entries(compose.services).flatMap(([name, service]) =>
    RULES.flatMap((rule) => {
      const fault = rule(service, compose, name);
      return typeof fault === 'string' ? [`${name}: ${fault}`] : [];
    }),
  );
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  for (const port of ports.filter((one, i) => ports.indexOf(one) !== i)) found.push(`port ${port} is published twice`);
  for (const [name, secret] of Object.entries(compose.secrets))
    if (!/^secrets\/[\w-]+\.txt$/.test(secret.file)) found.push(`secret ${name} is not kept in secrets/`);
  return found;
}
