/** Names of subscriptions as people know them: n8n's are `n8n:<instance>:<workflow>:<node>`, of which the workflow is known. */

const N8N = /^n8n:[^:]+:([^:]+):([^:]+)$/;

/** The short form of each name: the workflow's id, with the node's where a workflow has several; other names as they are. */
export function shortNames(names: readonly string[]): ReadonlyMap<string, string> {
  const distinct = [...new Set(names)];
  const workflows = distinct.map((name) => N8N.exec(name)?.[1] ?? name);
  const uses = new Map<string, number>();
  for (const workflow of workflows) uses.set(workflow, (uses.get(workflow) ?? 0) + 1);
  return new Map(
    distinct.map((name, index) => {
      const workflow = workflows[index]!;
      const alone = uses.get(workflow) === 1;
      return [name, alone ? workflow : (N8N.exec(name)?.slice(1).join(':') ?? name)];
    }),
  );
}

/** The names that a person can mean by what was written: the whole name, else every name with that short form or workflow. */
export function namesMeant(written: string, names: readonly string[]): readonly string[] {
  if (names.includes(written)) return [written];
  const short = shortNames(names);
  return names.filter((name) => short.get(name) === written || N8N.exec(name)?.[1] === written);
}
