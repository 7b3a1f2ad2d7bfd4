//! Reading JSON into structs with flattened parts.
//!
//! `defmt-decoder` switches on serde_json's `arbitrary_precision` for the whole program. Numbers then come as maps where serde
//! buffers them, which is in every struct with `#[serde(flatten)]` and in untagged enums. Read through a [`Value`] whose numbers
//! are numbers again, they are what they are without that feature.

use serde::Deserialize;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// What a text says.
///
/// # Errors
/// When it is no JSON, or not of this type.
pub fn from_str<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Error> {
    from_value(serde_json::from_str(text)?)
}

/// What a value says.
///
/// # Errors
/// When it is not of this type.
pub fn from_value<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, Error> {
    T::deserialize(Plain(value))
}

/// A value whose numbers are numbers.
struct Plain(Value);

impl IntoDeserializer<'_, Error> for Plain {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Plain {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(answer) => visitor.visit_bool(answer),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(Error::custom(format!("the number {number} is out of range"))),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(values) => {
                SeqDeserializer::new(values.into_iter().map(Plain)).deserialize_any(visitor)
            }
            Value::Object(values) => {
                let values = values.into_iter().map(|(key, value)| (key, Plain(value)));
                MapDeserializer::new(values).deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Inner {
        small: f32,
        count: Option<u8>,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct Outer {
        exact: f64,
        #[serde(flatten)]
        inner: Inner,
    }

    #[test]
    fn numbers_of_flattened_structs_are_read_to_the_last_bit() {
        let text = r#"{"exact": 0.30000000000000004, "small": 0.1, "count": 3}"#;
        let expected = Outer { exact: 0.1 + 0.2, inner: Inner { small: 0.1, count: Some(3) } };
        assert_eq!(from_str::<Outer>(text).unwrap(), expected);
        assert!(from_str::<Outer>(r#"{"exact": 1, "small": "x"}"#).is_err());
        assert!(from_str::<Outer>(r#"{"exact": 1, "small": 1, "count": 300}"#).is_err());
    }
}
