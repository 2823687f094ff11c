/** Something a process cannot do without, and whether it works. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What is wrong with it. */
  readonly detail?: string
}

/** Whoever asks whether a process is ready waits for a second, and then believes that it is not. */
const PATIENCE_MILLISECONDS = 600
/** A primary, who asks its workers, has to wait a bit longer than they do. */
export const WORKERS_MILLISECONDS = 850

/** Looks whether something works, and does not wait long for it. */
export async function checkOf(name: string, work: () => Promise<unknown>): Promise<Check> {
  try {
    await answered(work(), PATIENCE_MILLISECONDS)
    return { name, ok: true }
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Rejects when there was no answer for a while; what is answered then, nobody hears. */
export async function answered<Answer>(
  answer: Promise<Answer>,
  milliseconds: number,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
