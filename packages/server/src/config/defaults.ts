/** Defaults, and what the file says instead. */
export function over<All extends object>(
  defaults: All,
  given: { readonly [Key in keyof All]?: All[Key] | undefined } | undefined,
): All {
  return { ...defaults, ...withoutUndefined(given ?? {}) }
}

/** zod says `undefined` where we say absent. */
export function withoutUndefined<Given extends object>(
  given: Given,
): { [Key in keyof Given]: Exclude<Given[Key], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every undefined member is gone
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Given]: Exclude<Given[Key], undefined>
  }
}
