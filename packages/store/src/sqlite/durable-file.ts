/**
 * What every file is set to that something is acknowledged from. WAL: readers and the writer do not wait for each other.
 * `synchronous` FULL: a commit has reached the disk when it is answered, and survives the end of the machine. NORMAL would
 * answer before, and a power cut could take a redemption, a revocation or a mark of a used statement back. The log is cut to 64 MB.
 */
export const DURABLE: string = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 67108864;
`
