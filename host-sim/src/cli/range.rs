//! Numbers within limits; the refusal says the limits and what they mean.

use std::fmt::Display;
use std::str::FromStr;

fn number<T>(text: &str, accept: impl Fn(&T) -> bool, rule: impl Display) -> Result<T, String>
where
    T: FromStr,
{
    text.parse().ok().filter(accept).ok_or_else(|| rule.to_string())
}

pub(super) fn person(text: &str) -> Result<u8, String> {
    number(text, |_| true, "a person (or writer) is a number from 0 to 255")
}

pub(super) fn seeds(text: &str) -> Result<u32, String> {
    number(text, |n| (1..=1000).contains(n), "repetitions are a number from 1 to 1000")
}

pub(super) fn lr(text: &str) -> Result<f32, String> {
    let rule = "a learning rate is a number from 0 to 10, such as 0.003";
    number(text, |lr| (0.0..=10.0).contains(lr), rule)
}

pub(super) fn anchor(text: &str) -> Result<f32, String> {
    let rule = "the strength of an anchor is a number from 0 to 100, such as 0.1";
    number(text, |strength| (0.0..=100.0).contains(strength), rule)
}

pub(super) fn noise(text: &str) -> Result<f32, String> {
    let rule = "the share of wrong labels is a number from 0 to 1: for 20 % write 0.2";
    number(text, |share| (0.0..=1.0).contains(share), rule)
}

pub(super) fn tolerance(text: &str) -> Result<f32, String> {
    let rule = "a tolerance is a number from 0 to 2: 0.05 is five points of accuracy";
    number(text, |most| (0.0..=2.0).contains(most), rule)
}

pub(super) fn patience(text: &str) -> Result<u32, String> {
    number(text, |n| (1..=1000).contains(n), "patience is a number of epochs from 1 to 1000")
}

/// Bytes: a number, or one of KiB with a `K`, or of MiB with an `M`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let rule = "bytes are a number from 1, such as 20000, or one of KiB or MiB, such as 32K or 1M";
    let (digits, unit) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => text.strip_suffix(['M', 'm']).map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| rule.to_owned())
}

pub(super) fn replay(text: &str) -> Result<u32, String> {
    number(text, |n| *n <= 100, "stored samples per labelled one are a number from 0 to 100")
}

pub(super) fn threads(text: &str) -> Result<usize, String> {
    number(text, |n| *n <= 1024, "threads are a number from 0 (one a core) to 1024")
}

pub(super) fn elements(text: &str) -> Result<usize, String> {
    number(text, |n| (1..=1 << 26).contains(n), "elements are a number from 1 to 67108864")
}

pub(super) fn steps(text: &str) -> Result<u32, String> {
    number(text, |n| (1..=100_000).contains(n), "steps are a number from 1 to 100000")
}
