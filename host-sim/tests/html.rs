//! The report as a reader sees it: in a real browser, on a laptop and a phone, in light and dark.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/studies.rs"]
mod studies;
mod support {
    pub(crate) mod browser;
    pub(crate) mod inspect;
}

use flatmin_sim::commands::finetune::{Print, execute};
use flatmin_sim::finetune::sequence::Sequence;
use flatmin_sim::finetune::{Arm, Row, Settings, Task};
use flatmin_sim::report::html::{self, Made, Section};
use flatmin_sim::report::{label, sequence};
use std::convert::Infallible;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::SystemTime;
use support::browser::{self, Browser};
use support::inspect::{VIEWS, faults};

/// A folder that stays, so that its pages can be looked at.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("html").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The page of a run that found these rows.
fn page_of(name: &str, rows: Vec<Row>) -> PathBuf {
    let settings = Settings { arms: label::ARMS.to_vec(), ..Settings::default() };
    let folder = folder(name);
    execute(&settings, &folder, Print::Json, |_| Ok::<_, Infallible>(rows), &mut std::io::sink()).unwrap();
    folder.join("report.html")
}

/// The page of a default run.
static WHOLE: LazyLock<PathBuf> = LazyLock::new(|| page_of("whole", studies::everything()));

/// The page of people one after another, written once: a test must not read what another one writes.
static ONE_AFTER_ANOTHER: LazyLock<PathBuf> = LazyLock::new(one_after_another);

fn one_after_another() -> PathBuf {
    let accuracy = |i: usize, j: usize| 0.8 + 0.15 * f64::from(i > j) - 0.01 * i.abs_diff(j + 1) as f64;
    let sequence = |method, replay| Sequence {
        task: Task::Spar,
        seed: 0,
        method,
        replay,
        noise: 0.0,
        people: vec![4, 1, 9, 2],
        lr: vec![0.003; 4],
        accuracy: (0..5).map(|i| (0..4).map(|j| accuracy(i, j)).collect()).collect(),
        old: (0..5).map(|i| 0.96 - 0.01 * f64::from(i)).collect(),
    };
    let sheets = sequence::sheets(&[sequence(Arm::Sgd, 0), sequence(Arm::Sam, 1)]);
    let sections: Vec<Section> =
        sheets.into_iter().map(|sheet| Section { sheet, pictures: Vec::new() }).collect();
    let made = Made { command: "flatmin-sim --sequence".into(), when: SystemTime::UNIX_EPOCH, rows: 0 };
    let page = folder("sequence").join("report.html");
    fs::write(&page, html::page(&sections, &Settings::default(), &made).unwrap()).unwrap();
    page
}

/// A browser; none, said by name, where there is none.
fn browser(what: &str) -> Option<Browser> {
    // Past the capture of the test harness: a skipped suite must show. A closed stderr is no reason to fail.
    let say = |line: &str| drop(writeln!(std::io::stderr(), "{line}"));
    let Some(program) = browser::find() else {
        say(&format!("skipped: {what} in chromium: no such program in PATH"));
        assert!(std::env::var_os("FLATMIN_MUST_RUN").is_none(), "CI must run this");
        return None;
    };
    let browser = Browser::start(&program);
    say(&format!("ran: {what} in chromium"));
    Some(browser)
}

/// The page of a small run of the binary.
fn really_made() -> PathBuf {
    let folder = folder("binary");
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_flatmin-sim"));
    run.args(["--task", "digits", "--method", "sgd,sam", "--person", "3", "--noise", "0.2", "--out"])
        .arg(&folder);
    assert!(run.output().unwrap().status.success());
    folder.join("report.html")
}

#[test]
fn a_reader_has_nothing_to_complain_about() {
    let pages =
        [("whole", WHOLE.clone()), ("sequence", ONE_AFTER_ANOTHER.clone()), ("binary", really_made())];
    let Some(mut browser) = browser("report") else { return };
    for (name, page) in pages {
        for (width, scheme) in VIEWS {
            let faults = faults(&mut browser, &page, (width, scheme));
            assert_eq!(faults, [""; 0], "{name} on {width} pixels, {scheme}");
            fs::write(page.with_file_name(format!("{width}-{scheme}.png")), browser.picture()).unwrap();
        }
    }
}

/// A way to spoil a page, and what the inspection must say about it.
struct Canary {
    name: &'static str,
    /// What stands in its place.
    find: &'static str,
    put: &'static str,
    said: &'static str,
}

const CANARIES: [Canary; 12] = {
    const fn after(name: &'static str, put: &'static str, said: &'static str) -> Canary {
        Canary { name, find: "</main>", put, said }
    }
    [
        after(
            "request",
            r#"<img alt="x" src="http://127.0.0.1:9/x.png"></main>"#,
            "a request leaves the page",
        ),
        after(
            "style sheet",
            r#"<link rel="stylesheet" href="http://127.0.0.1:9/x.css"></main>"#,
            "a request leaves",
        ),
        after("console", "<script>console.error('x')</script></main>", "the console says"),
        after("exception", "<script>throw new Error('x')</script></main>", "the console says"),
        after("wide", "<div style='width:2000px'>x</div></main>", "pixels wide"),
        after("pale", "<p style='color:#bbb;background:#fff'>x</p></main>", "too pale"),
        after("heads", "<table><caption>x</caption><tr><td>1</td></tr></table></main>", "no scope"),
        after("link", "<a href='#nowhere'>x</a></main>", "leads nowhere"),
        after(
            "empty picture",
            "<figure><svg role='img' width='200' height='200'><rect width='200' height='200' fill='#fff'/></svg>\
             <figcaption>x</figcaption></figure></main>",
            "is empty",
        ),
        after("no picture", "<figure><figcaption>x</figcaption></figure></main>", "shows 0 pictures"),
        after(
            "small letters",
            "<svg viewBox='0 0 9 9' width='9'><rect/><text font-size='3'>x</text></svg></main>",
            "too small",
        ),
        Canary { name: "no text", find: "aria-label", put: "data-label", said: "no text in its place" },
    ]
};

#[test]
fn the_inspection_notices_spoilt_pages() {
    let whole = fs::read_to_string(&*WHOLE).unwrap();
    let policy = "http-equiv=\"Content-Security-Policy\"";
    let Some(mut browser) = browser("spoilt reports") else { return };
    for Canary { name, find, put, said } in CANARIES {
        // Without its policy: that would keep the first few from doing harm.
        let spoilt = whole.replace(policy, "").replace(find, put);
        assert!(whole.contains(policy) && whole.contains(find), "{name}");
        let page = folder("spoilt").join(format!("{}.html", name.replace(' ', "-")));
        fs::write(&page, spoilt).unwrap();
        let faults = faults(&mut browser, &page, (390, "light"));
        assert!(faults.iter().any(|fault| fault.contains(said)), "{name}: {faults:?}");
    }
    // With it, nothing leaves and nothing runs; the browser complains instead.
    let page = folder("spoilt").join("policy.html");
    fs::write(&page, whole.replace("</main>", "<script>fetch('http://127.0.0.1:9/x')</script></main>"))
        .unwrap();
    let faults = faults(&mut browser, &page, (390, "light"));
    assert!(faults.iter().any(|fault| fault.contains("the console says")), "{faults:?}");
    assert!(!faults.iter().any(|fault| fault.contains("a request leaves")), "{faults:?}");
}

#[test]
fn a_page_stands_alone_whatever_the_browser() {
    for page in [WHOLE.clone(), ONE_AFTER_ANOTHER.clone()] {
        let text = fs::read_to_string(page).unwrap();
        for word in ["<script", "<iframe", "<object", "@import", "src=", " onload", "url(", "javascript:"] {
            assert!(!text.contains(word), "{word}");
        }
        // The only address is the name of a language.
        assert_eq!(text.matches("://").count(), text.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
        assert!(text.starts_with("<!DOCTYPE html>") && text.trim_end().ends_with("</html>"));
    }
}

#[test]
fn a_page_says_what_the_files_say() {
    let page = &*WHOLE;
    let text = fs::read_to_string(page).unwrap();
    let files = fs::read_dir(page.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let stems: Vec<String> =
        files.filter_map(|name| name.to_str()?.strip_suffix(".svg").map(str::to_owned)).collect();
    for stem in
        ["tradeoff-turned", "curves-spar", "ram-spar", "tradeoff-spar-keeping", "harm-spar-20", "harm-spar-0"]
    {
        assert!(stems.iter().any(|known| known == stem), "{stem} is no file: {stems:?}");
    }
    assert!(stems.iter().all(|stem| text.contains(&format!("<figure id=\"{stem}\""))), "{stems:?}");
    let rows = fs::read(page.with_file_name("rows.jsonl")).unwrap();
    assert!(text.contains(&format!("{:08x}", crc32fast::hash(&rows))));
    for words in
        ["What each method buys: turned", "What else keeps old users: spar", "Wrong labels", "no guard"]
    {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn strange_names_do_no_harm() {
    let settings = Settings { data: Some("<script>alert(1)</script>&.tds".into()), ..Settings::default() };
    let made = Made { command: "flatmin-sim '<b>\"&'".into(), when: SystemTime::UNIX_EPOCH, rows: 1 };
    let text = html::page(&[], &settings, &made).unwrap();
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;.tds"), "{text}");
    assert!(text.contains("flatmin-sim '&lt;b&gt;&quot;&amp;'") && !text.contains("<b>"));
    assert!(text.contains("1970-01-01T00:00:00Z") && text.contains("00000001"));
}
