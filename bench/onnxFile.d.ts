/** The file's bytes, put into the bundle. */
declare module '*.onnx' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
