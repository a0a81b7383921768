import { expect, test } from 'vitest';
import { clusterId, type NodeProperties, portIn, serverProperties } from '../../../cli/services/kafka-properties.ts';

const NODE: NodeProperties = {
  listeners: [
    { name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: 19_092 },
    { name: 'SECURE', protocol: 'SASL_SSL', port: 19_094 },
  ],
  advertised: { PLAINTEXT: '127.0.0.1:29092' },
  controllerPort: 19_093,
  dataDir: '/data',
  extra: {},
};

const lines = (node: NodeProperties): string[] => serverProperties(node).split('\n');

test('every listener is bound, and told to clients by the address that was asked for', () => {
  expect(lines(NODE)).toEqual(
    expect.arrayContaining([
      'listeners=PLAINTEXT://127.0.0.1:19092,SECURE://127.0.0.1:19094,CONTROLLER://127.0.0.1:19093',
      'advertised.listeners=PLAINTEXT://127.0.0.1:29092,SECURE://127.0.0.1:19094',
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name=PLAINTEXT',
    ]),
  );
});

test('what is asked for stands in the place of ours', () => {
  const asked = lines({ ...NODE, extra: { 'auto.create.topics.enable': 'true' } });
  expect(asked.filter((line) => line.startsWith('auto.create'))).toEqual(['auto.create.topics.enable=true']);
});

test('backslashes and line ends come through as Java reads them', () => {
  const text = serverProperties({ ...NODE, extra: { 'ssl.keystore.key': 'a\\b\nc' } });
  expect(text).toMatch(/^ssl\.keystore\.key=a\\\\b\\nc$/m);
});

test('the port of the first listener can be read again', () => {
  expect(portIn(serverProperties(NODE))).toBe(19_092);
  expect(portIn('process.roles=broker\n')).toBeNull();
});

test('an id is 22 characters and never looks like an option', () => {
  for (let i = 0; i < 500; i++) expect(clusterId()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
});
