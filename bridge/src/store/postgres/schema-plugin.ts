/** The one place where the tables of PostgreSQL differ from those of SQLite. The migrations are written for SQLite. */
import {
  type ColumnDefinitionNode,
  GeneratedNode,
  OperationNodeTransformer,
  RawNode,
  type DataTypeNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';

/**
 * Types by those of the migrations: a whole number of SQLite has 8 bytes, and its texts are ordered and compared by their
 * bytes.
 */
const TYPES: Readonly<Record<string, string>> = { integer: 'bigint', text: 'text collate "C"' };

class Translator extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode): ColumnDefinitionNode {
    const known =
      node.dataType.kind === 'DataTypeNode' ? TYPES[String((node.dataType as DataTypeNode).dataType)] : undefined;
    const { autoIncrement, ...column } = super.transformColumnDefinition(node);
    return {
      ...column,
      ...(known === undefined ? {} : { dataType: RawNode.createWithSql(known) }),
      // By default, not always: a copy of a database brings its numbers along.
      ...(autoIncrement === true ? { generated: GeneratedNode.create({ identity: true, byDefault: true }) } : {}),
    };
  }
}

export class SchemaPlugin implements KyselyPlugin {
  readonly #translator = new Translator();

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#translator.transformNode(node, queryId);
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}
