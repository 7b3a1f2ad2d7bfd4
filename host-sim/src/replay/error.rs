//! Why a golden file could not be replayed, or did not agree.

use std::path::PathBuf;

/// Everything that fails a case. A case never passes because something was not understood.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; check the path", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not JSON of the expected shape.
    #[error("not a golden/1 file: {0}; the file is damaged or of another format")]
    Json(#[from] serde_json::Error),
    /// The `format` field names another format.
    #[error("format \"{0}\" is unknown; only \"golden/1\" can be replayed")]
    Format(String),
    /// The `dtype` field names another type.
    #[error("dtype \"{0}\" is unknown; only \"float64\" and \"float32\" can be replayed")]
    Dtype(String),
    /// The file holds no trajectory.
    #[error(
        "the file has no {missing}: it is data of a single function, not a trajectory, so there is nothing to replay"
    )]
    NotATrajectory {
        /// The fields that are missing.
        missing: String,
    },
    /// The crate refused a step.
    #[error("step {step}: the crate refused it: {error}")]
    Core {
        /// The step (1-based).
        step: usize,
        /// What it says.
        error: String,
    },
    /// A decimal is not the number its `_hex` sibling spells.
    #[error(
        "{field}[{index}]: decimal {decimal} disagrees with its hex {hex} (= {value}); one of the two was changed"
    )]
    HexDisagrees {
        /// The field.
        field: String,
        /// The element.
        index: usize,
        /// The decimal in the file.
        decimal: f64,
        /// The bits in the file.
        hex: String,
        /// The float those bits are.
        value: f32,
    },
    /// A `_hex` field is missing, malformed or not wanted.
    #[error("{field}_hex: {problem}")]
    Hex {
        /// The field without `_hex`.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// A vector has the wrong length.
    #[error("{field} has {found} elements where the layout asks for {expected}")]
    Length {
        /// The field.
        field: String,
        /// Elements needed.
        expected: usize,
        /// Elements found.
        found: usize,
    },
    /// The file contradicts itself.
    #[error("{place}: {problem}")]
    Inconsistent {
        /// Where in the file.
        place: String,
        /// What contradicts what.
        problem: String,
    },
    /// The file holds keys that no rule reads, so replaying it would ignore something.
    #[error(
        "no rule reads {keys}; a replay that ignores them would prove nothing. Add them to replay/golden.rs"
    )]
    UnreadKeys {
        /// The keys.
        keys: String,
    },
    /// The file documents a deviation of a library.
    #[error(
        "the file's notes say that it is NOT a target: it documents a deviation of {library}, nothing to agree with"
    )]
    NotATarget {
        /// The library.
        library: String,
    },
    /// The objective cannot be evaluated.
    #[error("problem {id} (kind \"{kind}\") cannot be evaluated: {missing}")]
    Problem {
        /// The problem's id in the file.
        id: String,
        /// Its kind.
        kind: String,
        /// What is missing.
        missing: String,
    },
    /// No rule for this method.
    #[error("method \"{method}\" has no rule; replayable methods are {known}. Add a row to replay/rules.rs")]
    Method {
        /// The method in the file.
        method: String,
        /// The methods there are rules for.
        known: String,
    },
    /// No rule for this implementation of the method.
    #[error(
        "method \"{method}\" has no rule for {function} of {library}; it has rules for {known}. Add a row to replay/rules.rs"
    )]
    Function {
        /// The method in the file.
        method: String,
        /// The library in the file.
        library: String,
        /// The function in the file.
        function: String,
        /// The functions there are rules for.
        known: String,
    },
    /// A hyperparameter is unknown, missing, of the wrong type, or not supported at this value.
    #[error("hyperparameter \"{key}\": {problem}")]
    Hyperparameter {
        /// The key.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// A runner refused the task.
    #[error("the runner cannot run \"{entry}\": {problem}")]
    Runner {
        /// The registry name of the entry.
        entry: String,
        /// Why not.
        problem: String,
    },
    /// The numbers disagree.
    #[error("{place}: {what} differs by {distance:e}, the bar is {bar:e} ({row})")]
    Disagrees {
        /// Step, evaluation and element.
        place: String,
        /// What was compared.
        what: String,
        /// The distance found.
        distance: f64,
        /// The bar.
        bar: f64,
        /// The tolerance row it comes from.
        row: &'static str,
    },
    /// The number of evaluations, or a counter, disagrees.
    #[error("{place}: {what} is {found}, the file says {expected}")]
    Count {
        /// Where.
        place: String,
        /// What was counted.
        what: &'static str,
        /// The file's count.
        expected: usize,
        /// Ours.
        found: usize,
    },
}
