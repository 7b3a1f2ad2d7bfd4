//! What the numbers allow us to say, and no more.

use super::label;
use super::stats::Estimate;
use super::summary::{Line, Summary};

/// Fewer independent values than this do not carry a ranking.
const FEW: usize = 4;
/// Standard errors that a difference must exceed.
const CLEAR: f64 = 2.0;

/// Which method is best by new + old accuracy and how sure that is; again for the methods that store no more samples
/// than sgd does, when a stored sample won.
pub fn verdict(summary: &Summary) -> String {
    let Some(base) = summary.base() else {
        return "Differences need sgd: add it to --method.".to_owned();
    };
    let rivals: Vec<Rival> = summary.lines.iter().filter_map(Rival::of).collect();
    let Some(best) = best(&rivals) else {
        return format!(
            "{} ran alone, so there is nothing to compare: name more methods with --method.",
            base.label()
        );
    };
    if best.sum.se.is_none() {
        return "A single run a method has no standard error: for a ranking leave out --person or give --seeds 5."
            .to_owned();
    }
    let mut sentences = vec![format!("By new + old accuracy, {}", compare(&rivals, best, base))];
    if best.line.replay > base.replay {
        let alike: Vec<Rival> = rivals.iter().filter(|r| r.line.replay == base.replay).copied().collect();
        let second = self::best(&alike).map(|best| compare(&alike, best, base));
        sentences.extend(second.map(|text| format!("Without more stored samples, {text}")));
    }
    if rivals.len() > 1 && rivals.iter().any(|rival| rival.sum.is_above_zero_by(CLEAR)) {
        sentences.push(format!("Of {} comparisons one may be luck.", rivals.len()));
    }
    if best.sum.count < FEW {
        let one = if summary.people > 1 { label::people(summary.task) } else { "seed" };
        sentences.push(format!("But {} are too few to rely on.", label::count(best.sum.count, one)));
    }
    sentences.join(" ")
}

/// A line that is compared with the base line, by the sum of both differences.
#[derive(Clone, Copy)]
struct Rival<'a> {
    line: &'a Line,
    sum: Estimate,
}

impl<'a> Rival<'a> {
    fn of(line: &'a Line) -> Option<Self> {
        line.against.map(|against| Self { line, sum: against.sum })
    }
}

fn best<'a>(rivals: &[Rival<'a>]) -> Option<Rival<'a>> {
    rivals.iter().copied().max_by(|a, b| a.sum.mean.total_cmp(&b.sum.mean))
}

fn compare(rivals: &[Rival], best: Rival, base: &Line) -> String {
    let (name, base, sum) = (best.line.label(), base.label(), best.sum);
    let clear: Vec<String> =
        rivals.iter().filter(|r| r.sum.is_above_zero_by(CLEAR)).map(|r| r.line.label()).collect();
    match (clear.len(), rivals.len()) {
        (0, 1) => format!("{name} does not beat {base} by {CLEAR} standard errors: {sum} points."),
        (0, n) => format!(
            "none of {n} beats {base} by {CLEAR} standard errors: the best, {name}, is at {sum} points."
        ),
        (1, 1) => format!("{name} beats {base}: {sum} points."),
        (_, n) => format!(
            "{name} is the best of {n}: {sum} points against {base}. Above {base} by {CLEAR} standard errors: {}.",
            clear.join(", ")
        ),
    }
}
