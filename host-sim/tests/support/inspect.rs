//! What is wrong with a page as a browser shows it.

use super::browser::{Browser, url};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Laptop and phone, in light and dark.
pub(crate) const VIEWS: [(u32, &str); 4] = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")];

/// The share of a picture that is not its ground, at least.
const INKED: f64 = 0.005;

/// Every fault of the page in this view.
pub(crate) fn faults(browser: &mut Browser, page: &Path, (width, scheme): (u32, &str)) -> Vec<String> {
    browser.open(page, width, scheme);
    let found = browser.evaluate(include_str!("page.js"));
    let mut faults = network(browser, page);
    faults.extend(console(browser));
    faults.extend(layout(&found, width, scheme));
    faults.extend(pictures(browser, &found));
    faults
}

/// Requests for anything but the page itself.
fn network(browser: &Browser, page: &Path) -> Vec<String> {
    let own = url(page);
    let asked =
        browser.reported("Network.requestWillBeSent").filter_map(|event| event["request"]["url"].as_str());
    let strange =
        asked.filter(|asked| *asked != own && !asked.starts_with("data:") && *asked != "about:blank");
    strange.map(|asked| format!("a request leaves the page: {asked}")).collect()
}

fn console(browser: &Browser) -> Vec<String> {
    let said = browser.reported("Runtime.consoleAPICalled").map(|event| event["args"].to_string());
    let thrown =
        browser.reported("Runtime.exceptionThrown").map(|event| event["exceptionDetails"].to_string());
    let logged = browser.reported("Log.entryAdded").map(|event| event["entry"]["text"].to_string());
    said.chain(thrown).chain(logged).map(|text| format!("the console says: {text}")).collect()
}

fn layout(found: &Value, width: u32, scheme: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |wrong: bool, text: String| {
        if wrong {
            faults.push(text);
        }
    };
    let shown = found["width"].as_f64().unwrap();
    fault(shown > f64::from(width), format!("the page is {shown} pixels wide on a screen of {width}"));
    let brightness = found["brightness"].as_f64().unwrap();
    let right = if scheme == "dark" { brightness < 0.1 } else { brightness > 0.7 };
    fault(!right, format!("the ground is not {scheme}: {brightness}"));
    let headings: Vec<i64> = found["headings"].as_array().unwrap().iter().filter_map(Value::as_i64).collect();
    let skips = headings.windows(2).any(|pair| pair[1] > pair[0] + 1);
    fault(headings.first() != Some(&1) || skips, format!("headings skip a level: {headings:?}"));
    fault(found["tableCount"] == 0, "there is no table".into());
    for (what, text) in [
        ("pale", "a text is too pale"),
        ("paleLetters", "letters in a picture are too pale"),
        ("small", "letters in a picture are too small"),
        ("tables", "a table has no caption or its heads have no scope"),
        ("dangling", "a link leads nowhere"),
        ("twice", "an id is used twice"),
    ] {
        let list = found[what].as_array().unwrap();
        fault(!list.is_empty(), format!("{text}: {}", Value::from(list.clone())));
    }
    faults
}

fn pictures(browser: &mut Browser, found: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for figure in found["figures"].as_array().unwrap() {
        let name = figure["name"].as_str().unwrap();
        if figure["shown"] != 1 {
            faults.push(format!("{name} shows {} pictures instead of 1", figure["shown"]));
            continue;
        }
        if figure["caption"] == "" || figure["described"] != true {
            faults.push(format!("{name} has no caption or no text in its place"));
        }
        let corner = |i: usize| figure["box"][i].as_f64().unwrap();
        let inked = inked(&browser.pixels([corner(0), corner(1), corner(2), corner(3)]));
        if inked < INKED {
            faults.push(format!("{name} is empty: {:.2} % of it is not ground", 100.0 * inked));
        }
    }
    faults
}

/// The share of pixels that are not of the most frequent colour.
fn inked(pixels: &[[u8; 4]]) -> f64 {
    let mut counts = HashMap::<[u8; 4], usize>::new();
    pixels.iter().for_each(|pixel| *counts.entry(*pixel).or_default() += 1);
    let ground = counts.values().max().copied().unwrap_or(0);
    1.0 - ground as f64 / pixels.len().max(1) as f64
}
