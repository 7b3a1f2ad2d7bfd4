//! Whatever a user can call in `flatmin` is called by the image of tests/no-panic, or excused below.
//!
//! The image proves at link time that the functions it calls cannot panic; this test proves that it calls them all.
//! Both sides are parsed, not run. What counts as a call:
//!
//! - a free function: a path that ends in it, from the right module of the crate;
//! - a method of a type: `Type::method`, or `.method(` in a function that names `Type` and no other owner of such a method;
//! - a method of a trait: the same, where the trait and all its implementors stand for the type;
//! - an implementation of a trait of this crate: its type is named in a function of the image, or in an alias. Those of
//!   foreign traits (`Display`, `Default`) count method by method.
//!
//! Types of one name in two modules are told apart in paths only, and what the generic code is called with is not compared.
//!
//! `unreachable_pub` holds in this workspace, so `pub` means that a user can reach it. What only an x86 has is not seen:
//! the image has no such target. In what a macro of the crate writes, a variable is a name of its own: see `WRITTEN` in
//! library.rs.

#[path = "no_panic_coverage/image.rs"]
mod image;
#[path = "no_panic_coverage/library.rs"]
mod library;
#[path = "no_panic_coverage/rules.rs"]
mod rules;

use flatmin_tests::say;
use image::Image;
use library::{Crate, Public};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the image does not call, and why.
const EXCEPTIONS: &[(&[&str], &str)] = &[
    (
        &["nn::Tensors::then"],
        "asserts that a network has at most 64 tensors: for Network::TENSORS, where it fails while compiling",
    ),
    (
        &[
            "drive::StepError::fmt",
            "error::Error::fmt",
            "nn::Error::fmt",
            "tune::Diverged::fmt",
            "tune::Full::fmt",
        ],
        "write a float, and core::fmt's own code for floats holds panics",
    ),
    (
        &[
            "checkpoint::Job::done",
            "checkpoint::Job::failed",
            "checkpoint::Job::io",
            "checkpoint::Job::output",
            "checkpoint::Job::refused",
        ],
        "called by a task, whose job nobody else can get hold of",
    ),
    (
        &["kernels::$kernel as Hyperparameters", "state::$name as Words"],
        "of every kernel, called in kernels.rs, and of every phase, a part of what steps.rs stores for a method",
    ),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Which of the missing have no excuse, and which excuses are of no more use.
fn judge(missing: &BTreeSet<String>, exceptions: &[(&[&str], &str)]) -> Result<(), String> {
    let named = || exceptions.iter().flat_map(|(ids, _)| ids.iter().map(|id| (*id).to_string()));
    let excused: BTreeSet<String> = named().collect();
    let bare: Vec<_> = missing.difference(&excused).collect();
    let stale: Vec<_> = excused.difference(missing).collect();
    if excused.len() < named().count() {
        return Err("an exception stands twice".to_string());
    } else if !bare.is_empty() {
        return Err(format!("tests/no-panic calls none of these; add calls, as its README says:\n{bare:#?}"));
    } else if !stale.is_empty() {
        return Err(format!("no exceptions any more, as the function is gone or called:\n{stale:#?}"));
    }
    Ok(())
}

#[test]
fn the_image_calls_what_a_user_can_call() {
    let all = Crate::read(&repository().join("core/src"));
    let missing = all.missing(&Image::read(&repository().join("tests/no-panic/src")));
    judge(&missing, EXCEPTIONS).unwrap_or_else(|text| panic!("{text}"));
    say(&format!(
        "ran: no-panic coverage, {} of {} called",
        all.public.len() - missing.len(),
        all.public.len()
    ));
}

#[test]
fn an_exception_excuses_what_is_missing_and_nothing_else() {
    let missing = BTreeSet::from(["a::b".to_string()]);
    assert_eq!(judge(&missing, &[(&["a::b"], "")]), Ok(()));
    assert!(judge(&missing, &[]).is_err_and(|text| text.contains("a::b")));
    assert!(judge(&missing, &[(&["a::b", "a::c"], "")]).is_err_and(|text| text.contains("a::c")));
    assert!(judge(&missing, &[(&["a::b"], ""), (&["a::b"], "")]).is_err());
}

/// What is called, and right beside it what is not.
const MADE_UP: &str = "
    pub fn called() {}
    pub const fn forgotten() {}
    pub(crate) fn private() {}
    #[cfg(test)]
    pub fn of_a_test() {}
    pub struct Thing;
    impl Thing {
        pub fn called(self) {}
        pub fn forgotten(self) {}
        pub fn shared(self) {}
        fn private(self) {}
    }
    impl Display for Thing {
        fn fmt(&self) {}
    }
    pub struct Other;
    impl Other {
        pub fn shared(self) {}
    }
    pub trait Act {
        fn act(&self);
        fn forgotten(&self);
    }
    impl Act for Thing {
        fn act(&self) {}
    }
    pub struct Unnamed;
    impl Act for Unnamed {
        fn act(&self) {}
    }
    struct Private;
    impl Act for Private {
        fn act(&self) {}
    }
    macro_rules! writes {
        ($name:ident $(, $async:ident)?) => {
            pub $($async)? fn $name() {}
            pub fn written() {}
        };
    }";

const CALLS: &str = "
    use flatmin::made_up::{self as made, Act, Other, Thing};
    use flatmin::another;
    must_not_panic! {
        fn calls(thing: &Thing, acts: &dyn Act) {
            made::called();
            Thing::called(thing);
            acts.act();
            another::forgotten();
            vec![made::written()];
        }
        fn whose(thing: Thing, other: Other) {
            thing.shared();
            other.shared();
        }
    }";

#[test]
fn what_nobody_calls_is_named() {
    let all = Crate::of_text(MADE_UP);
    let mut image = Image::default();
    image.add(CALLS, "made up");
    let missing: Vec<_> = all.missing(&image).into_iter().collect();
    let expected = [
        "made_up::$name",
        "made_up::Act::forgotten",
        "made_up::Other::shared",
        "made_up::Thing::fmt",
        "made_up::Thing::forgotten",
        "made_up::Thing::shared",
        "made_up::Unnamed as Act",
        "made_up::forgotten",
    ];
    assert_eq!(missing, expected);
}

#[test]
fn the_crate_is_read_whole() {
    let all = Crate::read(&repository().join("core/src"));
    let ids: BTreeSet<_> = all.public.iter().map(Public::id).collect();
    // A function, a constant one, one that waits; methods by hand, of a macro, of a trait; a foreign trait.
    for id in [
        "drive::step",
        "layout::params",
        "drive::step_sliced_async",
        "tune::Guard::best",
        "checkpoint::AsyncStore::save",
        "method::Method::resume",
        "methods::Sam as Method",
        "error::Error::fmt",
    ] {
        assert!(ids.contains(id), "{id} is not found in core");
    }
}
