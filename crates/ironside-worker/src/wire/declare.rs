//! The macros that the frames are declared with. One declaration gives the Rust type, its encoder, its decoder, its
//! description for the generator and its form in golden files; there is no second place to keep in step.

/// Declares a struct whose fields are written one after the other.
macro_rules! wire_struct {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident : $codec:ty, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name<'a> {
            $( $(#[doc = $field_doc])* pub $field: <$codec as $crate::wire::codec::Codec<'a>>::Value, )*
        }

        impl<'a> $crate::wire::codec::Codec<'a> for $name<'static> {
            type Value = $name<'a>;
            const TYPE: &'static $crate::wire::schema::Type = &$crate::wire::schema::Type::Struct(
                <$name<'static> as $crate::wire::frame::Structure>::STRUCTURE,
            );
            fn put(value: &$name<'a>, out: &mut Vec<u8>) -> Result<(), $crate::wire::codec::EncodeError> {
                $( <$codec as $crate::wire::codec::Codec<'a>>::put(&value.$field, out).map_err(|error| error.within(stringify!($field)))?; )*
                Ok(())
            }
            fn take(input: &mut $crate::wire::reader::Reader<'a>) -> Result<$name<'a>, $crate::wire::reader::DecodeError> {
                Ok($name {
                    $( $field: <$codec as $crate::wire::codec::Codec<'a>>::take(input).map_err(|error| error.within(stringify!($field)))?, )*
                })
            }
            fn json(value: &$name<'a>) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $( object.insert(
                    $crate::wire::schema::camel_case(stringify!($field)),
                    <$codec as $crate::wire::codec::Codec<'a>>::json(&value.$field),
                ); )*
                serde_json::Value::Object(object)
            }
        }

        impl<'a> $crate::wire::frame::Structure for $name<'a> {
            const STRUCTURE: &'static $crate::wire::schema::StructType = &$crate::wire::schema::StructType {
                name: stringify!($name),
                docs: &[$($doc),*],
                fields: &[$( $crate::wire::schema::FieldType {
                    name: stringify!($field),
                    docs: &[$($field_doc),*],
                    kind: <$codec as $crate::wire::codec::Codec<'static>>::TYPE,
                } ),*],
            };
        }
    };
}

/// Declares words that are sent as one byte.
macro_rules! wire_enum {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $( $(#[doc = $word_doc:literal])* $variant:ident = $word:literal, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[doc = $word_doc])* $variant, )*
        }

        impl $name {
            /// All values in the order of their numbers.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// The word that stands in logs, metrics and TypeScript.
            pub const fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl<'a> $crate::wire::codec::Codec<'a> for $name {
            type Value = $name;
            const TYPE: &'static $crate::wire::schema::Type = &$crate::wire::schema::Type::Enum(&$crate::wire::schema::EnumType {
                name: stringify!($name),
                docs: &[$($doc),*],
                words: &[$( $word ),*],
            });
            fn put(value: &$name, out: &mut Vec<u8>) -> Result<(), $crate::wire::codec::EncodeError> {
                bytes::BufMut::put_u8(out, *value as u8);
                Ok(())
            }
            fn take(input: &mut $crate::wire::reader::Reader<'a>) -> Result<$name, $crate::wire::reader::DecodeError> {
                let [number] = input.array()?;
                Self::ALL.get(usize::from(number)).copied().ok_or($crate::wire::reader::DecodeError::new(
                    $crate::wire::reader::DecodeProblem::Unknown(number.into()),
                ))
            }
            fn json(value: &$name) -> serde_json::Value {
                serde_json::Value::from(value.word())
            }
        }
    };
}

/// Declares one of several structs (each declared with `wire_struct!`), told apart by a leading byte.
macro_rules! wire_union {
    (
        $(#[doc = $doc:literal])*
        $name:ident, tag $tag:literal {
            $( $(#[doc = $variant_doc:literal])* $number:literal $variant:ident = $word:literal ($structure:ident), )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name<'a> {
            $( $(#[doc = $variant_doc])* $variant($structure<'a>), )*
        }

        impl<'a> $crate::wire::codec::Codec<'a> for $name<'static> {
            type Value = $name<'a>;
            const TYPE: &'static $crate::wire::schema::Type = &$crate::wire::schema::Type::Union(&$crate::wire::schema::UnionType {
                name: stringify!($name),
                docs: &[$($doc),*],
                tag: $tag,
                variants: &[$( $crate::wire::schema::StructType {
                    name: $word,
                    docs: &[$($variant_doc),*],
                    fields: <$structure<'static> as $crate::wire::frame::Structure>::STRUCTURE.fields,
                } ),*],
            });
            fn put(value: &$name<'a>, out: &mut Vec<u8>) -> Result<(), $crate::wire::codec::EncodeError> {
                match value { $(
                    $name::$variant(inner) => {
                        bytes::BufMut::put_u8(out, $number);
                        <$structure<'static> as $crate::wire::codec::Codec<'a>>::put(inner, out)
                    }
                )* }
            }
            fn take(input: &mut $crate::wire::reader::Reader<'a>) -> Result<$name<'a>, $crate::wire::reader::DecodeError> {
                match input.array::<1>()? {
                    $( [$number] => <$structure<'static> as $crate::wire::codec::Codec<'a>>::take(input).map($name::$variant), )*
                    [other] => Err($crate::wire::reader::DecodeError::new($crate::wire::reader::DecodeProblem::Unknown(other.into()))),
                }
            }
            fn json(value: &$name<'a>) -> serde_json::Value {
                let (word, mut fields) = match value { $(
                    $name::$variant(inner) => ($word, <$structure<'static> as $crate::wire::codec::Codec<'a>>::json(inner)),
                )* };
                let mut object = serde_json::Map::new();
                object.insert($tag.to_owned(), serde_json::Value::from(word));
                if let Some(fields) = fields.as_object_mut() {
                    object.append(fields);
                }
                serde_json::Value::Object(object)
            }
        }
    };
}

/// Makes a struct a frame of its own.
macro_rules! wire_frame {
    ($name:ident, $code:literal, $direction:ident, max $max:expr) => {
        impl<'a> $crate::wire::frame::Frame<'a> for $name<'a> {
            const SCHEMA: $crate::wire::schema::FrameSchema = $crate::wire::schema::FrameSchema {
                code: $code,
                direction: $crate::wire::schema::Direction::$direction,
                max: $max,
                payload: <$name<'static> as $crate::wire::frame::Structure>::STRUCTURE,
            };
            fn put_payload(&self, out: &mut Vec<u8>) -> Result<(), $crate::wire::codec::EncodeError> {
                <$name<'static> as $crate::wire::codec::Codec<'a>>::put(self, out)
            }
            fn take_payload(input: &mut $crate::wire::reader::Reader<'a>) -> Result<Self, $crate::wire::reader::DecodeError> {
                <$name<'static> as $crate::wire::codec::Codec<'a>>::take(input)
            }
            fn json(&self) -> serde_json::Value {
                <$name<'static> as $crate::wire::codec::Codec<'a>>::json(self)
            }
        }
    };
}

pub(crate) use {wire_enum, wire_frame, wire_struct, wire_union};
