// opossum ships no types; what this package uses of it is declared in opossum.ts.
declare module 'opossum' {
  const breakerClass: unknown;
  export default breakerClass;
}
