//! Strict reading of a file's hyperparameters: a key that no rule asked for fails the case.

use super::ReplayError;
use serde_json::{Map, Value};

/// The hyperparameters of a file, and which of them were asked for. A `null` counts as absent.
pub(super) struct Keys<'a> {
    map: &'a Map<String, Value>,
    asked: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(map: &'a Map<String, Value>) -> Self {
        Keys { map, asked: Vec::new() }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn need(&mut self, key: &'static str) -> Result<&'a Value, ReplayError> {
        self.get(key).ok_or_else(|| refuse(key, "missing; the rule needs it".into()))
    }

    pub(super) fn number(&mut self, key: &'static str) -> Result<f64, ReplayError> {
        finite(key, self.need(key)?)
    }

    pub(super) fn number_or(&mut self, key: &'static str, default: f64) -> Result<f64, ReplayError> {
        self.get(key).map_or(Ok(default), |value| finite(key, value))
    }

    /// A number that is not negative.
    pub(super) fn amount(&mut self, key: &'static str) -> Result<f64, ReplayError> {
        not_negative(key, self.number(key)?)
    }

    pub(super) fn amount_or(&mut self, key: &'static str, default: f64) -> Result<f64, ReplayError> {
        not_negative(key, self.number_or(key, default)?)
    }

    /// A whole number of at least 1.
    pub(super) fn count(&mut self, key: &'static str) -> Result<usize, ReplayError> {
        let value = self.need(key)?;
        let count = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
        count.ok_or_else(|| refuse(key, format!("{value} must be a whole number of at least 1")))
    }

    pub(super) fn flag_or(&mut self, key: &'static str, default: bool) -> Result<bool, ReplayError> {
        self.get(key).map_or(Ok(default), |value| {
            value.as_bool().ok_or_else(|| refuse(key, format!("{value} must be true or false")))
        })
    }

    pub(super) fn word(&mut self, key: &'static str) -> Result<&'a str, ReplayError> {
        let value = self.need(key)?;
        value.as_str().ok_or_else(|| refuse(key, format!("{value} must be a word")))
    }

    /// Two numbers, such as Adam's betas.
    pub(super) fn pair_or(
        &mut self,
        key: &'static str,
        default: (f64, f64),
    ) -> Result<(f64, f64), ReplayError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Array(pair)) if pair.len() == 2 => {
                Ok((finite(key, &pair[0])?, finite(key, &pair[1])?))
            }
            Some(value) => Err(refuse(key, format!("{value} must be two numbers"))),
        }
    }

    /// A list of 0 and 1.
    pub(super) fn coins(&mut self, key: &'static str) -> Result<Vec<bool>, ReplayError> {
        let value = self.need(key)?;
        let coin = |v: &Value| match v.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        };
        let coins = value.as_array().and_then(|list| list.iter().map(coin).collect());
        coins.ok_or_else(|| refuse(key, "must be a list of 0 and 1".into()))
    }

    /// An option that changes the arithmetic in a way no rule covers: it may only be off.
    pub(super) fn must_be_off(&mut self, key: &'static str, what: &str) -> Result<(), ReplayError> {
        match self.flag_or(key, false)? {
            false => Ok(()),
            true => Err(refuse(key, format!("true is not supported: {what}"))),
        }
    }

    /// Fails if the file has keys that were never asked for.
    pub(super) fn done(self) -> Result<(), ReplayError> {
        match self.map.keys().find(|key| !self.asked.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                let known = self.asked.join(", ");
                Err(refuse(key, format!("unknown to the rule of this function, which reads {known}")))
            }
        }
    }
}

pub(super) fn refuse(key: &str, problem: String) -> ReplayError {
    ReplayError::Hyperparameter { key: key.into(), problem }
}

fn finite(key: &str, value: &Value) -> Result<f64, ReplayError> {
    let number = value.as_f64().filter(|x| x.is_finite());
    number.ok_or_else(|| refuse(key, format!("{value} must be one finite number")))
}

fn not_negative(key: &str, value: f64) -> Result<f64, ReplayError> {
    if value >= 0.0 { Ok(value) } else { Err(refuse(key, format!("{value} must not be negative"))) }
}
