/**
 * The suites of the profile, as Node wants them: for TLS 1.3 all of them, for TLS 1.2 those that BCP 195 recommends. One list
 * for every listener and every connection of ours, so that a change of the recommendation is a change of one line.
 *
 * @see FAPI 2.0 Security Profile §5.2.2, RFC 9325 §4.2
 */
export const TLS_SUITES: string = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')
