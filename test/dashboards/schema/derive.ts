import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type ts from 'typescript';

/** By `require`, which takes a third of the time of an import: that would look for names in all its nine megabytes. */
const compiler: typeof ts = createRequire(import.meta.url)('typescript');

/** A JSON Schema; false: nothing is valid. */
export type Schema = Readonly<Record<string, unknown>> | false;

interface Members {
  properties: Readonly<Record<string, Schema>>;
  required: readonly string[];
}
type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.EnumDeclaration;

/** By this method the SDK tells queries from other objects; data do not have it. */
const MARK = '_implementsDataqueryVariant';

/**
 * JSON Schemas of the TypeScript types that Grafana publishes, as closed as the types: a key that an interface does not have
 * is refused. They are read as syntax, without the compiler's checker, which would take seconds and which types of data
 * do not need. What this cannot read it throws for, so that a new version of the types cannot loosen the schemas unseen.
 *
 * Types are called `<package>.<name>`, their properties `<package>.<name>.<property>…`, the values of a record `….*`.
 */
export class Types {
  private readonly instead: Readonly<Record<string, Schema>>;
  private readonly fileOf: (pack: string) => string;
  private readonly files = new Map<string, Map<string, Declaration>>();
  private readonly definitions = new Map<string, Schema>();
  private readonly used = new Set<string>();

  /**
   * @param fileOf where the types of a package are declared
   * @param instead what stands in the place of a type or a property, by its name: for what the types leave open (`any`), and
   *   for what is so otherwise than they say
   */
  constructor(fileOf: (pack: string) => string, instead: Readonly<Record<string, Schema>>) {
    this.fileOf = fileOf;
    this.instead = instead;
  }

  /** Says of a type that data are of it; the type and those that it names are derived. Throws when there is none. */
  ref(name: string): Schema {
    if (!this.definitions.has(name)) {
      this.definitions.set(name, {}); // before it is complete: types name themselves
      this.definitions.set(name, this.replaced(name) ?? this.derive(name));
    }
    return { $ref: `#/$defs/${name}` };
  }

  /** Properties of an interface, through aliases, with some of them in another way. */
  members(name: string, changed: Readonly<Record<string, Schema>> = {}): Members {
    const found = this.find(name);
    if (found !== undefined && compiler.isTypeAliasDeclaration(found) && compiler.isTypeReferenceNode(found.type))
      return this.members(nameIn(name, found.type.typeName), changed);
    if (found === undefined || !compiler.isInterfaceDeclaration(found)) throw new Error(`${name} is no interface`);
    if (found.heritageClauses !== undefined) throw new Error(`${name} extends another type, which is not read here`);
    return this.membersOf(name, found.members, changed);
  }

  /** Whether there is such a type. */
  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  /** Every type that was asked for, by its name, to stand below `$defs` of the schema that refers to them. */
  get defs(): Record<string, Schema> {
    return Object.fromEntries(this.definitions);
  }

  /** Names of `instead` that no type has, or that nothing led to. */
  get unused(): string[] {
    return Object.keys(this.instead).filter((name) => !this.used.has(name));
  }

  private replaced(name: string): Schema | undefined {
    if (!Object.hasOwn(this.instead, name)) return undefined;
    this.used.add(name);
    return this.instead[name];
  }

  private derive(name: string): Schema {
    const found = this.find(name);
    if (found === undefined) throw new Error(`there is no type ${name}`);
    if (compiler.isEnumDeclaration(found)) return { enum: valuesOf(found) };
    return compiler.isTypeAliasDeclaration(found) ? this.typeOf(name, found.type) : closed(this.members(name));
  }

  private membersOf(
    name: string,
    members: ts.NodeArray<ts.TypeElement>,
    changed: Readonly<Record<string, Schema>> = {},
  ): Members {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const member of members) {
      const key = keyOf(member);
      if (compiler.isMethodSignature(member) && key === MARK) continue;
      if (!compiler.isPropertySignature(member) || key === '' || member.type === undefined) throw unread(name, member);
      const path = `${name}.${key}`;
      properties[key] = changed[key] ?? this.replaced(path) ?? this.typeOf(path, member.type);
      if (member.questionToken === undefined) required.push(key);
    }
    return { properties, required };
  }

  private typeOf(path: string, node: ts.TypeNode): Schema {
    if (compiler.isArrayTypeNode(node)) return { type: 'array', items: this.typeOf(path, node.elementType) };
    if (compiler.isParenthesizedTypeNode(node)) return this.typeOf(path, node.type);
    if (compiler.isTypeLiteralNode(node)) return closed(this.membersOf(path, node.members));
    if (compiler.isUnionTypeNode(node)) return this.union(path, node);
    if (compiler.isTypeReferenceNode(node)) return this.reference(path, node);
    if (compiler.isLiteralTypeNode(node)) return { const: literalOf(path, node.literal) };
    switch (node.kind) {
      case compiler.SyntaxKind.StringKeyword:
        return { type: 'string' };
      case compiler.SyntaxKind.NumberKeyword:
        return { type: 'number' };
      case compiler.SyntaxKind.BooleanKeyword:
        return { type: 'boolean' };
      case compiler.SyntaxKind.AnyKeyword:
        throw new Error(`the types leave ${path} open: say what stands in its place`);
      default:
        throw unread(path, node);
    }
  }

  /** Interfaces that a literal of `type` tells apart are told apart by it, so that a message is about the one that was meant. */
  private union(path: string, { types }: ts.UnionTypeNode): Schema {
    const schemas = types.map((type) => this.typeOf(path, type));
    if (schemas.every((schema) => schema !== false && 'const' in schema))
      return { enum: schemas.map((schema) => (schema as { const: unknown }).const) };
    const tagged = types.every(
      (type) => compiler.isTypeReferenceNode(type) && this.isTagged(nameIn(path, type.typeName)),
    );
    return tagged ? byTag('type', schemas) : { anyOf: schemas };
  }

  private isTagged(name: string): boolean {
    const found = this.find(name);
    if (found === undefined || !compiler.isInterfaceDeclaration(found)) return false;
    const tag = found.members.find((member) => keyOf(member) === 'type');
    const type = tag !== undefined && compiler.isPropertySignature(tag) ? tag.type : undefined;
    const schema =
      type && (compiler.isLiteralTypeNode(type) || compiler.isTypeReferenceNode(type)) && this.typeOf(name, type);
    return schema !== undefined && schema !== false && 'const' in schema;
  }

  private reference(path: string, { typeName, typeArguments }: ts.TypeReferenceNode): Schema {
    if (compiler.isIdentifier(typeName) && typeName.text === 'Record')
      return {
        type: 'object',
        additionalProperties: this.replaced(`${path}.*`) ?? this.typeOf(`${path}.*`, typeArguments![1]!),
      };
    const name = nameIn(path, typeName);
    const cut = name.lastIndexOf('.');
    const owner = this.has(name) ? undefined : this.find(name.slice(0, cut));
    const member = owner && compiler.isEnumDeclaration(owner) ? memberOf(owner, name.slice(cut + 1)) : undefined;
    return member === undefined ? this.ref(name) : { const: member };
  }

  private find(name: string): Declaration | undefined {
    const [pack, ...rest] = name.split('.');
    return this.declarations(pack!).get(rest.join('.'));
  }

  private declarations(pack: string): Map<string, Declaration> {
    const known = this.files.get(pack);
    if (known !== undefined) return known;
    const file = this.fileOf(pack);
    const out = new Map<string, Declaration>();
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    for (const node of compiler.createSourceFile(file, text, compiler.ScriptTarget.Latest).statements)
      if (
        compiler.isInterfaceDeclaration(node) ||
        compiler.isTypeAliasDeclaration(node) ||
        compiler.isEnumDeclaration(node)
      )
        out.set(node.name.text, node);
    this.files.set(pack, out);
    return out;
  }
}

/** An object with these properties and no others. */
export const closed = ({ properties, required }: Members): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** One of several objects: the one whose tag it has. */
export const byTag = (propertyName: string, oneOf: readonly Schema[]): Schema => ({
  type: 'object',
  discriminator: { propertyName },
  required: [propertyName],
  oneOf,
});

/** The whole name of a type that is named where `path` is: packages are imported by their own names, types begin with a capital. */
function nameIn(path: string, name: ts.EntityName): string {
  const text = textOf(name);
  return compiler.isIdentifier(name) || /^[A-Z]/.test(text) ? `${path.split('.')[0]}.${text}` : text;
}

const textOf = (name: ts.EntityName): string =>
  compiler.isIdentifier(name) ? name.text : `${textOf(name.left)}.${name.right.text}`;

const keyOf = ({ name }: ts.TypeElement): string =>
  name !== undefined && compiler.isIdentifier(name) ? name.text : '';

function literalOf(path: string, node: ts.Node): unknown {
  if (compiler.isStringLiteral(node)) return node.text;
  if (compiler.isNumericLiteral(node)) return Number(node.text);
  if (
    compiler.isPrefixUnaryExpression(node) &&
    node.operator === compiler.SyntaxKind.MinusToken &&
    compiler.isNumericLiteral(node.operand)
  )
    return -Number(node.operand.text);
  if (node.kind === compiler.SyntaxKind.NullKeyword) return null;
  if (node.kind === compiler.SyntaxKind.TrueKeyword || node.kind === compiler.SyntaxKind.FalseKeyword)
    return node.kind === compiler.SyntaxKind.TrueKeyword;
  throw unread(path, node);
}

const memberOf = ({ members }: ts.EnumDeclaration, name: string): unknown => {
  const found = members.find((member) => compiler.isIdentifier(member.name) && member.name.text === name);
  return found?.initializer === undefined ? undefined : literalOf(name, found.initializer);
};

const valuesOf = (node: ts.EnumDeclaration): unknown[] =>
  node.members.map(({ initializer }) => {
    if (initializer === undefined) throw unread(node.name.text, node);
    return literalOf(node.name.text, initializer);
  });

const unread = (path: string, node: ts.Node): Error =>
  new Error(`${path} is written in a way that is not read here (${compiler.SyntaxKind[node.kind]})`);
