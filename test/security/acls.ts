import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';

const PAGE = 'docs/reference/security.md';
const OPERATIONS: Readonly<Record<string, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

/** The rights that the page tells administrators to give, one entry for each operation of each command. */
export const documentedAcls = (): AclEntry[] =>
  readFileSync(PAGE, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('kafka-acls.sh '))
    .flatMap((line) => entries(line.split(/\s+/).slice(1)));

function entries(args: string[]): AclEntry[] {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      add: { type: 'boolean' },
      'allow-principal': text,
      operation: { ...text, multiple: true },
      topic: text,
      group: text,
      'resource-pattern-type': text,
    },
  });
  const { topic, group } = values;
  return (values.operation ?? []).map((name) => {
    const operation = OPERATIONS[name];
    const resourceName = topic ?? group;
    if (operation === undefined || resourceName === undefined) throw new Error(`${PAGE}: ${args.join(' ')}`);
    return {
      principal: values['allow-principal']!,
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
      operation,
      resourceType: topic === undefined ? AclResourceTypes.GROUP : AclResourceTypes.TOPIC,
      resourceName,
      resourcePatternType:
        values['resource-pattern-type'] === 'prefixed' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    };
  });
}
