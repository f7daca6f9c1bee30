import type { INodeProperties, INodePropertyMode, INodePropertyRegexValidation } from 'n8n-workflow';

/** The same picker, which may be left empty. @param hint what that means */
export const optionalLocator = (field: INodeProperties, hint: string): INodeProperties => ({
  ...field,
  required: false,
  hint,
  // The editor shows the hint of a mode in place of the field's.
  modes: (field.modes ?? []).map((mode) => ({
    ...acceptingNothing(mode),
    ...(mode.hint === undefined ? {} : { hint: `${mode.hint}. ${hint}` }),
  })),
});

/** n8n holds an empty value against the pattern too, and then does not run the node. */
function acceptingNothing(mode: INodePropertyMode): INodePropertyMode {
  const patterns = (mode.validation ?? []).filter(
    (rule) => typeof rule !== 'function',
  ) as INodePropertyRegexValidation[];
  const validation = patterns.map((rule) => ({
    ...rule,
    properties: { ...rule.properties, regex: `(?:${rule.properties.regex})?` },
  }));
  return { ...mode, ...(validation.length === 0 ? {} : { validation }) };
}
