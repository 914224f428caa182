//! The TypeScript half: types, constants, and a reader and a writer for each struct, union and frame.

use ironside_worker::wire::call::MAX_VALUE;
use ironside_worker::wire::schema::{EnumType, FieldType, StructType, Type, UnionType, camel_case};
use ironside_worker::wire::{FRAMES, HEADER_LEN, MAGIC, MAX_CHUNK, NO_ROUTE, PROTOCOL_VERSION, schema_hash};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The module's text.
pub(crate) fn module() -> String {
    let mut module = Module::default();
    for frame in FRAMES {
        module.structure(frame.payload);
        module.frame(frame.payload.name, frame.code);
    }
    let mut text = String::from(HEADING);
    let _ = writeln!(text, "export const PROTOCOL_VERSION = {PROTOCOL_VERSION};");
    let _ = writeln!(text, "export const SCHEMA_HASH = '{}';", schema_hash());
    let _ = writeln!(text, "/** The first field of HELLO. */\nexport const MAGIC = {MAGIC:#x};");
    let _ = writeln!(
        text,
        "/** Bytes of a frame's header. */\nexport const HEADER_LEN = {HEADER_LEN};"
    );
    let _ = writeln!(
        text,
        "/** `job.route` where no route matched. */\nexport const NO_ROUTE = {NO_ROUTE:#x};"
    );
    let _ = writeln!(
        text,
        "/** Most bytes in one BODY, CHUNK or HEAD. */\nexport const MAX_CHUNK = {MAX_CHUNK};"
    );
    let _ = writeln!(
        text,
        "/** Most bytes of a cached value. */\nexport const MAX_VALUE = {MAX_VALUE};\n"
    );
    text.push_str("/** Type bytes. Bit 7 is set in frames that a worker sends. */\nexport const FRAME = {\n");
    for frame in FRAMES {
        let _ = writeln!(
            text,
            "  {}: {:#04x},",
            camel_case(&lower_first(frame.payload.name)),
            frame.code
        );
    }
    text.push_str("} as const;\n\n/** Most payload bytes by type byte. */\nexport const FRAME_LIMIT: { readonly [code: number]: number } = {\n");
    for frame in FRAMES {
        let _ = writeln!(text, "  {:#04x}: {},", frame.code, frame.max);
    }
    text.push_str("};\n");
    text.push_str(&module.text);
    text
}

const HEADING: &str = "\
/**
 * The worker protocol in TypeScript. Generated from `crates/ironside-worker/src/wire` by `cargo xtask gen`: do not edit.
 *
 * `encode…` appends a whole frame to a writer, or nothing if it throws. `decode…` reads a payload and copies what it returns,
 * so the buffer may be used again.
 */
import {
  cursor, finish, readAscii, readBool, readBytes, readF64, readLazyHeaders, readHeaders, readList, readTail, readText, readU16, readU32,
  readU53, readU8, unknown, type Cursor,
} from './cursor.ts';
import type { HeaderBlock, HeaderPairs } from './headers.ts';
import {
  beginFrame, cancelFrame, endFrame, writeAscii, writeBool, writeBytes, writeF64, writeHeaders, writeLazyHeaders, writeList, writeOptional,
  writeTail, writeText, writeU16, writeU32, writeU53, writeU8, writeWord, type Writer,
} from './writer.ts';

";

/// `CallFrame` to `callFrame`.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

/// `JobKind` to `JOB_KIND`.
fn constant_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

#[derive(Default)]
struct Module {
    text: String,
    done: BTreeSet<&'static str>,
}

impl Module {
    fn docs(&mut self, indent: &str, docs: &[&str]) {
        let text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            let _ = writeln!(self.text, "{indent}/** {text} */");
        }
    }

    /// Declares the types that `kind` is made of.
    fn needs(&mut self, kind: &'static Type) {
        match kind {
            Type::Optional(inner) | Type::List { item: inner, .. } => self.needs(inner),
            Type::Enum(words) => self.enumeration(words),
            Type::Struct(structure) => self.structure(structure),
            Type::Union(union) => self.union(union),
            _ => {}
        }
    }

    fn enumeration(&mut self, words: &'static EnumType) {
        if !self.done.insert(words.name) {
            return;
        }
        let (name, constant) = (words.name, constant_case(words.name));
        let list = words.words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>();
        let numbers = words
            .words
            .iter()
            .enumerate()
            .map(|(at, word)| format!("{word}: {at}"))
            .collect::<Vec<_>>();
        self.text.push('\n');
        self.docs("", words.docs);
        let _ = writeln!(self.text, "export type {name} = {};", list.join(" | "));
        let _ = writeln!(
            self.text,
            "export const {constant}: readonly {name}[] = [{}];",
            list.join(", ")
        );
        let _ = writeln!(
            self.text,
            "const {constant}_NUMBER: Record<{name}, number> = {{ {} }};",
            numbers.join(", ")
        );
        let _ = writeln!(
            self.text,
            "function read{name}(c: Cursor): {name} {{\n  const number = readU8(c);\n  return {constant}[number] ?? unknown(c, '{name}', number);\n}}"
        );
    }

    fn fields(&mut self, indent: &str, fields: &[FieldType]) {
        for field in fields {
            self.docs(indent, field.docs);
            let optional = if matches!(field.kind, Type::Optional(_)) { "?" } else { "" };
            let _ = writeln!(
                self.text,
                "{indent}{}{optional}: {};",
                camel_case(field.name),
                type_name(field.kind)
            );
        }
    }

    fn structure(&mut self, structure: &'static StructType) {
        if !self.done.insert(structure.name) {
            return;
        }
        structure.fields.iter().for_each(|field| self.needs(field.kind));
        let name = structure.name;
        self.text.push('\n');
        self.docs("", structure.docs);
        let _ = writeln!(self.text, "export type {name} = {{");
        self.fields("  ", structure.fields);
        self.text.push_str("};\n");
        let reads = structure
            .fields
            .iter()
            .map(|field| format!("\n    {}: {},", camel_case(field.name), read(field.kind)));
        let _ = writeln!(
            self.text,
            "function read{name}(c: Cursor): {name} {{\n  return {{{}\n  }};\n}}",
            reads.collect::<String>()
        );
        let _ = writeln!(self.text, "function write{name}(out: Writer, value: {name}): void {{");
        for field in structure.fields {
            let _ = writeln!(
                self.text,
                "  {};",
                write(field.kind, &format!("value.{}", camel_case(field.name)))
            );
        }
        self.text.push_str("}\n");
    }

    fn union(&mut self, union: &'static UnionType) {
        if !self.done.insert(union.name) {
            return;
        }
        union
            .variants
            .iter()
            .flat_map(|variant| variant.fields)
            .for_each(|field| self.needs(field.kind));
        let (name, tag) = (union.name, union.tag);
        self.text.push('\n');
        self.docs("", union.docs);
        let _ = writeln!(self.text, "export type {name} =");
        for (at, variant) in union.variants.iter().enumerate() {
            self.docs("  ", variant.docs);
            let fields = variant.fields.iter().map(|field| {
                let optional = if matches!(field.kind, Type::Optional(_)) { "?" } else { "" };
                format!("; {}{optional}: {}", camel_case(field.name), type_name(field.kind))
            });
            let end = if at + 1 == union.variants.len() { ";" } else { "" };
            let _ = writeln!(
                self.text,
                "  | {{ {tag}: '{}'{} }}{end}",
                variant.name,
                fields.collect::<String>()
            );
        }
        let _ = writeln!(
            self.text,
            "function read{name}(c: Cursor): {name} {{\n  const number = readU8(c);\n  switch (number) {{"
        );
        for (at, variant) in union.variants.iter().enumerate() {
            let fields = variant
                .fields
                .iter()
                .map(|field| format!(", {}: {}", camel_case(field.name), read(field.kind)));
            let _ = writeln!(
                self.text,
                "    case {at}: return {{ {tag}: '{}'{} }};",
                variant.name,
                fields.collect::<String>()
            );
        }
        let _ = writeln!(self.text, "    default: return unknown(c, '{name}', number);\n  }}\n}}");
        let _ = writeln!(
            self.text,
            "function write{name}(out: Writer, value: {name}): void {{\n  switch (value.{tag}) {{"
        );
        for (at, variant) in union.variants.iter().enumerate() {
            let _ = writeln!(self.text, "    case '{}':\n      writeU8(out, {at});", variant.name);
            for field in variant.fields {
                let _ = writeln!(
                    self.text,
                    "      {};",
                    write(field.kind, &format!("value.{}", camel_case(field.name)))
                );
            }
            self.text.push_str("      break;\n");
        }
        self.text.push_str("  }\n}\n");
    }

    fn frame(&mut self, name: &str, code: u8) {
        let _ = write!(
            self.text,
            "
export function decode{name}(bytes: Buffer, start: number, end: number): {name} {{
  const c = cursor(bytes, start, end);
  const frame = read{name}(c);
  finish(c);
  return frame;
}}
export function encode{name}(out: Writer, frame: {name}, job = 0, seq = 0): void {{
  const start = beginFrame(out, {code:#04x}, job, seq);
  try {{
    write{name}(out, frame);
    endFrame(out, start, FRAME_LIMIT[{code:#04x}] ?? 0);
  }} catch (error) {{
    cancelFrame(out, start);
    throw error;
  }}
}}
"
        );
    }
}

fn type_name(kind: &Type) -> String {
    match kind {
        Type::Bool => "boolean".into(),
        Type::U8 | Type::U16 | Type::U32 | Type::U53 | Type::F64 => "number".into(),
        Type::Ascii { .. } | Type::Text { .. } => "string".into(),
        Type::Bytes { .. } | Type::Tail { .. } => "Uint8Array".into(),
        Type::Headers { lazy: true } => "HeaderBlock".into(),
        Type::Headers { lazy: false } => "HeaderPairs".into(),
        Type::Optional(inner) => format!("{} | undefined", type_name(inner)),
        Type::List { item, .. } => format!("readonly {}[]", type_name(item)),
        Type::Enum(words) => words.name.into(),
        Type::Struct(structure) => structure.name.into(),
        Type::Union(union) => union.name.into(),
    }
}

/// The expression that reads a value from `c`.
fn read(kind: &Type) -> String {
    match kind {
        Type::Bool => "readBool(c)".into(),
        Type::U8 => "readU8(c)".into(),
        Type::U16 => "readU16(c)".into(),
        Type::U32 => "readU32(c)".into(),
        Type::U53 => "readU53(c)".into(),
        Type::F64 => "readF64(c)".into(),
        Type::Ascii { max } => format!("readAscii(c, {max})"),
        Type::Text { max } => format!("readText(c, {max})"),
        Type::Bytes { max } => format!("readBytes(c, {max})"),
        Type::Tail { max } => format!("readTail(c, {max})"),
        Type::Headers { lazy: true } => "readLazyHeaders(c)".into(),
        Type::Headers { lazy: false } => "readHeaders(c)".into(),
        Type::Optional(inner) => format!("readBool(c) ? {} : undefined", read(inner)),
        Type::List { item, max } => format!("readList(c, {max}, {})", reader(item)),
        Type::Enum(EnumType { name, .. }) | Type::Struct(StructType { name, .. }) | Type::Union(UnionType { name, .. }) => {
            format!("read{name}(c)")
        }
    }
}

/// A function that reads a value.
fn reader(kind: &Type) -> String {
    match kind {
        Type::Enum(EnumType { name, .. }) | Type::Struct(StructType { name, .. }) | Type::Union(UnionType { name, .. }) => {
            format!("read{name}")
        }
        other => format!("(c) => {}", read(other)),
    }
}

/// The expression that writes `value` to `out`.
fn write(kind: &Type, value: &str) -> String {
    match kind {
        Type::Bool => format!("writeBool(out, {value})"),
        Type::U8 => format!("writeU8(out, {value})"),
        Type::U16 => format!("writeU16(out, {value})"),
        Type::U32 => format!("writeU32(out, {value})"),
        Type::U53 => format!("writeU53(out, {value})"),
        Type::F64 => format!("writeF64(out, {value})"),
        Type::Ascii { max } => format!("writeAscii(out, {value}, {max})"),
        Type::Text { max } => format!("writeText(out, {value}, {max})"),
        Type::Bytes { max } => format!("writeBytes(out, {value}, {max})"),
        Type::Tail { max } => format!("writeTail(out, {value}, {max})"),
        Type::Headers { lazy: true } => format!("writeLazyHeaders(out, {value})"),
        Type::Headers { lazy: false } => format!("writeHeaders(out, {value})"),
        Type::Optional(inner) => format!("writeOptional(out, {value}, {})", writer(inner)),
        Type::List { item, max } => format!("writeList(out, {value}, {max}, {})", writer(item)),
        Type::Enum(words) => format!(
            "writeWord(out, '{}', {value}, {}_NUMBER)",
            words.name,
            constant_case(words.name)
        ),
        Type::Struct(StructType { name, .. }) | Type::Union(UnionType { name, .. }) => format!("write{name}(out, {value})"),
    }
}

/// A function that writes a value.
fn writer(kind: &Type) -> String {
    match kind {
        Type::Struct(StructType { name, .. }) | Type::Union(UnionType { name, .. }) => format!("write{name}"),
        Type::U32 => "writeU32".into(),
        Type::U53 => "writeU53".into(),
        Type::Headers { lazy: false } => "writeHeaders".into(),
        other => format!("(out, item) => {}", write(other, "item")),
    }
}
