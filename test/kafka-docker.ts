import { nodeProperties } from '../cli/services/kafka-properties.ts';

const CONTROLLER_PORT = 9093;

/**
 * `docker run` of one node of the official image; listening inside on the very port that clients outside use. The
 * image takes none of its own settings once one is given, so ours are all of them.
 */
export function dockerArguments(name: string, port: number, version: string): string[] {
  const settings = nodeProperties({
    listeners: [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port }],
    advertised: { PLAINTEXT: `127.0.0.1:${port}` },
    controllerPort: CONTROLLER_PORT,
    dataDir: '/tmp/kafka-logs',
    // What is published comes in by the address of the container, which is any.
    extra: { listeners: `PLAINTEXT://:${port},CONTROLLER://:${CONTROLLER_PORT}` },
  });
  const variable = (property: string) => `KAFKA_${property.replaceAll('.', '_').toUpperCase()}`;
  return [
    'run',
    '--detach',
    '--rm',
    `--name=${name}`,
    `--publish=127.0.0.1:${port}:${port}`,
    ...Object.entries(settings).map(([property, value]) => `--env=${variable(property)}=${value}`),
    `apache/kafka:${version}`,
  ];
}
