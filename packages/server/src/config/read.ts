import { withEnvironment, type Environment } from './environment.ts'
import { readDocument } from './files.ts'
import type { Format } from './format.ts'
import { InvalidConfig, problemsOf } from './problems.ts'

/** Where a configuration comes from. */
export interface Source {
  readonly path: string
  readonly environment: Environment
}

/**
 * A configuration file (YAML or JSON) with the environment over it, checked against its schema, paths as written.
 *
 * @param shapeProblems what is wrong with a file that the schema lets pass
 * @throws InvalidConfig listing every problem.
 */
export function readConfig<File>(
  { path, environment }: Source,
  format: Format<File>,
  shapeProblems: (file: File) => readonly string[] = () => [],
): File {
  const { merged, problems } = withEnvironment(readDocument(path), environment, format)
  const checked = format.schema.safeParse(merged)
  const all = [
    ...problems,
    ...(checked.success ? shapeProblems(checked.data) : problemsOf(checked.error, format.schema)),
  ]
  if (!checked.success || all.length > 0) throw new InvalidConfig(path, all)
  return checked.data
}
