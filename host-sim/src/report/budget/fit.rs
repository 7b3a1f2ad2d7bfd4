//! What fits, by how much, and what would.

use super::name;
use crate::budget::figures::Figures;
use crate::budget::{Answer, Place, Question};
use crate::finetune::Scope;
use crate::report::label;
use crate::report::units::thousands;

/// What there is, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// RAM.
    pub ram: Option<u64>,
    /// Flash.
    pub flash: Option<u64>,
}

impl Limits {
    /// Each limit, and how a run stands to it.
    fn stands(self, answer: &Answer) -> [(&'static str, Stand); 2] {
        let ram = answer.stack.bytes().map(|_| answer.ram()).ok_or(answer.ram());
        [("RAM", Stand::of(self.ram, ram)), ("flash", Stand::of(self.flash, answer.flash.bytes().ok_or(0)))]
    }

    /// Whether a run fits; none if that is not known.
    pub(super) fn hold(self, answer: &Answer) -> Option<bool> {
        let stands = self.stands(answer);
        if stands.iter().any(|(_, stand)| matches!(stand, Stand::Over(_))) {
            return Some(false);
        }
        stands.iter().all(|(_, stand)| *stand != Stand::Unknown).then_some(true)
    }
}

/// How bytes stand to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// There is none.
    Free,
    /// So many are left.
    Left(u64),
    /// So many are too much.
    Over(u64),
    /// Not all that is needed was measured.
    Unknown,
}

impl Stand {
    /// Of so many bytes, or of what is known of them.
    fn of(limit: Option<u64>, bytes: Result<u64, u64>) -> Self {
        let Some(limit) = limit else { return Self::Free };
        match bytes {
            Ok(bytes) | Err(bytes) if bytes > limit => Self::Over(bytes - limit),
            Ok(bytes) => Self::Left(limit - bytes),
            Err(_) => Self::Unknown,
        }
    }
}

/// Whether it fits, and by how much.
pub(super) fn verdict(answer: &Answer, limits: Limits) -> String {
    let stands = limits.stands(answer);
    let parts = |say: fn(&str, Stand) -> Option<String>| -> Vec<String> {
        stands.iter().filter_map(|(what, stand)| say(what, *stand)).collect()
    };
    let over = parts(|what, stand| match stand {
        Stand::Over(bytes) => Some(format!("{} too much {what}", thousands(bytes))),
        _ => None,
    });
    let unknown = parts(|what, stand| (stand == Stand::Unknown).then(|| what.to_owned()));
    let left = parts(|what, stand| match stand {
        Stand::Left(bytes) => Some(format!("{} {what}", thousands(bytes))),
        _ => None,
    });
    match (&over[..], &unknown[..], &left[..]) {
        ([], [], []) => String::new(),
        ([], [], [only]) => format!("fits, {} left", only.trim_end_matches(char::is_alphabetic).trim_end()),
        ([], [], left) => format!("fits, {} left", left.join(", ")),
        ([], unknown, _) => format!("unknown whether it fits: {} not measured", unknown.join(", ")),
        (over, ..) => format!("no: {}", over.join(", ")),
    }
}

/// What fits when something does not.
pub(super) fn remedies(question: &Question, answers: &[Answer], limits: Limits, figures: &Figures) -> String {
    let scopes = [Scope::Last, Scope::Bias].into_iter().filter(|scope| *scope != question.scope);
    let scoped = scopes.map(|scope| (format!("--scope {}", label::scope(scope)), question.scoped(scope)));
    let to = |samples, epochs| Question { samples, epochs, ..question.clone() };
    let Question { samples, epochs, .. } = *question;
    let session = question.around().is_some();
    let moved = (samples == Place::Ram).then(|| to(Place::Flash, epochs));
    let kept = (session && epochs == Place::Ram).then(|| to(samples, Place::Flash));
    let both = moved.as_ref().and(kept.as_ref()).map(|_| to(Place::Flash, Place::Flash));
    let bare = question.average.map(|_| Question { average: None, ..question.clone() });
    let others = [
        ("--samples flash", moved),
        ("--epochs flash", kept),
        ("--samples flash --epochs flash", both),
        ("no --average", bare),
    ];
    let others = others.into_iter().filter_map(|(what, question)| Some((what.to_owned(), question?)));
    let own = (String::new(), answers.to_vec());
    let asked = scoped.chain(others).map(|(what, question)| (what, question.answers(figures)));
    let ways: Vec<String> = std::iter::once(own)
        .chain(asked)
        .filter_map(|(what, answers)| way(&what, &answers, limits))
        .collect();
    if !ways.is_empty() {
        return format!("To fit: {}.", ways.join("; "));
    }
    let lacks = |what: &str| {
        let stands = answers.iter().flat_map(|answer| limits.stands(answer));
        stands.into_iter().any(|(name, stand)| name == what && matches!(stand, Stand::Over(_)))
    };
    let lacking: Vec<&str> = ["RAM", "flash"].into_iter().filter(|what| lacks(what)).collect();
    format!(
        "To fit: nothing that this network can do without is known to be enough; it needs more {}.",
        lacking.join(" and ")
    )
}

/// Which answers fit, and how they were asked for; none if none does.
fn way(what: &str, answers: &[Answer], limits: Limits) -> Option<String> {
    let fitting: Vec<&Answer> = answers.iter().filter(|answer| limits.hold(answer) == Some(true)).collect();
    let most = fitting.iter().map(|answer| answer.ram()).max()?;
    let which = if fitting.len() == answers.len() {
        "every method".to_owned()
    } else {
        fitting.into_iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let what = if what.is_empty() { which } else { format!("{what} ({which})") };
    Some(format!("{what}, up to {} bytes of RAM", thousands(most)))
}
