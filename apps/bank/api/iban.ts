/** Digits of a number that is read mod 97 in one go without losing any. */
const PIECE = 7

/** Without the spaces people write, in capitals. */
function compactIban(text: string): string {
  return text.replaceAll(/\s/g, '').toUpperCase()
}

/** Whether this can be an account number: its form and its check digits; not whether there is such an account. @see ISO 13616 */
export function isIban(text: string): boolean {
  const iban = compactIban(text)
  return /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban) && remainder(iban) === 1
}

/** A German account number with its check digits. */
export function germanIban(bankCode: string, account: string): string {
  const bban = `${bankCode}${account.padStart(10, '0')}`
  const check = 98 - remainder(`DE00${bban}`)
  return `DE${String(check).padStart(2, '0')}${bban}`
}

/** Country and check digits go to the end, letters become numbers from 10 on. */
function remainder(iban: string): number {
  const digits = (iban.slice(4) + iban.slice(0, 4))
    .split('')
    .map((character) => Number.parseInt(character, 36))
    .join('')
  let rest = ''
  for (let at = 0; at < digits.length; at += PIECE) {
    rest = String(Number(rest + digits.slice(at, at + PIECE)) % 97)
  }
  return Number(rest)
}
