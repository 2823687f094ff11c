/**
 * The short names of attribute types in a distinguished name, in the spelling we write; read in any case. Of several names of
 * a type, the first is the one we write.
 *
 * @see RFC 4514 §3, RFC 4519 §2, RFC 5280 §4.1.2.4, ETSI EN 319 412-1 §5.1, CA/Browser Forum EV Guidelines §9.2
 */
const NAMES: readonly (readonly [name: string, oid: string])[] = [
  ['CN', '2.5.4.3'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['C', '2.5.4.6'],
  ['STREET', '2.5.4.9'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['serialNumber', '2.5.4.5'],
  ['organizationIdentifier', '2.5.4.97'],
  ['businessCategory', '2.5.4.15'],
  ['jurisdictionLocalityName', '1.3.6.1.4.1.311.60.2.1.1'],
  ['jurisdictionStateOrProvinceName', '1.3.6.1.4.1.311.60.2.1.2'],
  ['jurisdictionCountryName', '1.3.6.1.4.1.311.60.2.1.3'],
  ['emailAddress', '1.2.840.113549.1.9.1'],
  ['SN', '2.5.4.4'],
  ['givenName', '2.5.4.42'],
  ['initials', '2.5.4.43'],
  ['generationQualifier', '2.5.4.44'],
  ['dnQualifier', '2.5.4.46'],
  ['pseudonym', '2.5.4.65'],
  ['title', '2.5.4.12'],
  ['description', '2.5.4.13'],
  ['postalCode', '2.5.4.17'],
  ['name', '2.5.4.41'],
  ['commonName', '2.5.4.3'],
  ['localityName', '2.5.4.7'],
  ['stateOrProvinceName', '2.5.4.8'],
  ['organizationName', '2.5.4.10'],
  ['organizationalUnitName', '2.5.4.11'],
  ['countryName', '2.5.4.6'],
  ['streetAddress', '2.5.4.9'],
  ['domainComponent', '0.9.2342.19200300.100.1.25'],
  ['userId', '0.9.2342.19200300.100.1.1'],
  ['jurisdictionL', '1.3.6.1.4.1.311.60.2.1.1'],
  ['jurisdictionST', '1.3.6.1.4.1.311.60.2.1.2'],
  ['jurisdictionC', '1.3.6.1.4.1.311.60.2.1.3'],
  ['E', '1.2.840.113549.1.9.1'],
  ['surname', '2.5.4.4'],
  ['GN', '2.5.4.42'],
]

const OIDS: ReadonlyMap<string, string> = new Map(
  NAMES.map(([name, oid]) => [name.toLowerCase(), oid]),
)
const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  NAMES.toReversed().map(([name, oid]) => [oid, name]),
)

const DOTTED = /^[0-2](?:\.(?:0|[1-9]\d{0,15}))+$/

/** The object identifier of an attribute type: itself, or that of the name; undefined if we know none. */
export function attributeType(text: string): string | undefined {
  return DOTTED.test(text) ? text : OIDS.get(text.toLowerCase())
}

/** What we write for an object identifier: its short name, if it has one. */
export function attributeTypeName(oid: string): string {
  return SHORT_NAMES.get(oid) ?? oid
}
