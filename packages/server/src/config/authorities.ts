import { X509Certificate } from 'node:crypto'
import { isPem, readPem, type Named } from './files.ts'
import { InvalidConfig } from './problems.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * The authorities in the PEM files of a setting, one certificate each. What is no authority could only make somebody
 * trusted by mistake.
 *
 * @throws InvalidConfig listing every file that cannot be read, and everything in it that is no authority.
 * @see RFC 8705 §7.4 and §7.5
 */
export function readAuthorities(files: readonly string[], at: Named): readonly string[] {
  const problems: string[] = []
  const found = files.flatMap((file) => {
    try {
      return authoritiesIn(file, at)
    } catch (error) {
      if (!(error instanceof InvalidConfig)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  if (problems.length > 0) throw new InvalidConfig(at.path, problems)
  return [...new Set(found)]
}

function authoritiesIn(file: string, at: Named): readonly string[] {
  const certificates = readPem(file, at).match(CERTIFICATE) ?? []
  const problem =
    certificates.length === 0
      ? 'holds no PEM certificate'
      : certificates.map(problemOf).find((each) => each !== undefined)
  if (problem === undefined) return certificates
  const name = isPem(file) ? 'the PEM' : file
  throw new InvalidConfig(at.path, [`${at.setting}: ${name} ${problem}`])
}

function problemOf(pem: string): string | undefined {
  try {
    const { ca, subject } = new X509Certificate(pem)
    if (ca) return undefined
    return `holds the certificate of ${subject.replaceAll('\n', ', ')}, which is no authority (basicConstraints)`
  } catch {
    return 'holds a certificate that cannot be read'
  }
}
