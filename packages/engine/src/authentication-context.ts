/** The authentication context class of a login with a password: the only one there is (OIDC Core §2, `acr`). */
export const PASSWORD_ACR = 'urn:signet:acr:password'

/** How the user proved to be who it is, in such a login. @see RFC 8176 §2 */
export const PASSWORD_AMR: readonly string[] = ['pwd']

/** Every authentication context class a login can reach, for `acr_values_supported`. */
export const ACR_VALUES: readonly string[] = [PASSWORD_ACR]
