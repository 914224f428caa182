/** Bounds of the forms that `request.formData()` reads; the front tells them at start (`[handlers]` of `ironside.toml`). */
export type FormLimits = {
  /** Bytes of a form's files that are kept in memory; the rest goes into temporary files. */
  memory: number;
  /** Most parts, or fields of a urlencoded form. */
  parts: number;
  /** Most bytes of all text fields, names included. */
  text: number;
  /** Most bytes of the headers of one part. */
  header: number;
};

let current: FormLimits = { memory: 1 << 20, parts: 1000, text: 16 << 20, header: 16 << 10 };

export function setFormLimits(limits: FormLimits): void {
  current = limits;
}

export function formLimits(): FormLimits {
  return current;
}
