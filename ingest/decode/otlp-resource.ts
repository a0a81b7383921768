import type { Fault } from '../../core/errors.ts';
import { MAX_NAME_LENGTH } from './limits.ts';
import { badName, isName } from './names.ts';
import { attributesOf, fieldsOf } from './otlp-values.ts';

/** What tells apart the writers of one series, by the semantic conventions: what runs where. */
const WRITER = ['service.namespace', 'service.instance.id', 'k8s.pod.uid', 'k8s.pod.name', 'container.id', 'host.name'];

/** Whom a resource's telemetry is of: the entity, and what tells its writers apart; or why nobody. */
export function ownerOf(resource: unknown, entityTags: readonly string[]): { entity: string; source: string } | Fault {
  const attributes = attributesOf(fieldsOf(resource)?.attributes);
  const tag = entityTags.find((wanted) => attributes.has(wanted));
  if (tag === undefined) {
    return { code: 'entity_missing', detail: `none of the resource attributes ${entityTags.join(', ')}` };
  }
  const entity = attributes.get(tag)!;
  if (!isName(entity)) return badName('entity', entity, '');
  const source = WRITER.filter((name) => name !== tag && attributes.has(name)).map((name) => attributes.get(name)!);
  const joined = source.join('|').slice(0, MAX_NAME_LENGTH).toWellFormed();
  return { entity, source: isName(joined) ? joined : '' };
}
