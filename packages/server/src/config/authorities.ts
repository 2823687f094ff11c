import { readAuthorities, UnusableCertificate } from '@signet/protocol'
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
export function readAuthorityFiles(files: readonly string[], at: Named): readonly string[] {
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
  const problem = problemOf(certificates)
  if (problem === undefined) return certificates
  const name = isPem(file) ? 'the PEM' : file
  throw new InvalidConfig(at.path, [`${at.setting}: ${name} ${problem}`])
}

function problemOf(certificates: readonly string[]): string | undefined {
  if (certificates.length === 0) return 'holds no PEM certificate'
  try {
    readAuthorities(certificates)
    return undefined
  } catch (error) {
    if (!(error instanceof UnusableCertificate)) throw error
    return `holds a certificate that cannot be used: ${error.message}`
  }
}
