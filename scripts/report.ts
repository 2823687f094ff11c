/** Prints what a check found, one line each, and makes the process fail if that is anything. */
export function report(problems: readonly string[]): void {
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
