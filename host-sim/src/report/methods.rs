//! The registry as a table, for a terminal and for README.md.

use super::grid::{self, Column};
use super::units::thousands;
use flatmin::registry::{ENTRIES, Entry, Off, Role};
use flatmin::residual::usual_len;
use flatmin::state::Cost;

/// Begins the table in README.md.
pub const BEGIN: &str = "<!-- methods:begin -->";
/// Ends it.
pub const END: &str = "<!-- methods:end -->";

/// A network, as far as memory goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Trainable weights.
    pub params: usize,
    /// Filters: one an output of a weight matrix, one a bias vector.
    pub filters: usize,
}

impl Layout {
    /// The wrist network: two convolutions and a dense layer.
    pub const WRIST: Self = Self { params: 1_911, filters: 16 + 16 + 7 + 3 };
}

const COLUMNS: [Column; 9] = [
    Column::left("name"),
    Column::left("role"),
    Column::left("what").within(27),
    Column::left("paper").within(22),
    Column::right("vectors\nof n"),
    Column::right("per\nfilter"),
    Column::right("gradients\na step").within(13),
    Column::right("bytes"),
    Column::left("switched\noff"),
];

/// The registry by role, and what its columns mean, for a network of this size.
pub fn text(layout: Layout) -> String {
    let rows: Vec<_> = entries().map(|entry| cells(entry, layout)).collect();
    format!("{}\n{}", grid::render(&COLUMNS, &rows), notes(layout))
}

/// The same as Markdown, for the wrist network.
pub fn markdown() -> String {
    let layout = Layout::WRIST;
    let bytes = format!("bytes at n = {}", thousands(layout.params as u64));
    let head = [
        "name",
        "role",
        "what",
        "paper",
        "vectors of n",
        "per filter",
        "gradients a step",
        &bytes,
        "switched off",
    ];
    let side = ["---", "---", "---", "---", "---:", "---:", "---", "---:", "---"];
    let mut lines = vec![head.map(str::to_owned), side.map(str::to_owned)];
    lines.extend(entries().map(|entry| cells(entry, layout)).map(code_first));
    let table: String = lines.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
    let notes: String = notes(layout).lines().map(|note| format!("- {note}\n")).collect();
    table + "\n" + &notes
}

/// The name as code.
fn code_first<const N: usize>(mut cells: [String; N]) -> [String; N] {
    if let Some(name) = cells.first_mut() {
        *name = format!("`{name}`");
    }
    cells
}

const ROLES: [Role; 4] = [Role::Method, Role::Gate, Role::Optimizer, Role::Average];

/// Every entry, by role.
fn entries() -> impl Iterator<Item = &'static Entry> {
    ROLES.into_iter().flat_map(|role| ENTRIES.iter().filter(move |entry| entry.role == role))
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Optimizer => "optimizer",
        Role::Method => "method",
        Role::Gate => "gate",
        Role::Average => "average",
    }
}

const fn question(role: Role) -> &'static str {
    match role {
        Role::Optimizer => "how do I move with this gradient?",
        Role::Method => "where do I want the gradients taken, and how do I combine them?",
        Role::Gate => "is the extra gradient worth it at this step?",
        Role::Average => "what do I remember of the trajectory?",
    }
}

fn cells(entry: &Entry, layout: Layout) -> [String; 9] {
    [
        entry.name.to_owned(),
        role_name(entry.role).to_owned(),
        entry.title.to_owned(),
        entry.paper.to_owned(),
        vectors(entry.cost, layout.params),
        entry.cost.filter_vectors.to_string(),
        entry.gradients.to_owned(),
        thousands(entry.cost.bytes(layout.params, layout.filters) as u64),
        off(entry.off).to_owned(),
    ]
}

/// Vectors as long as the weights, and the share of one that a residual is.
fn vectors(cost: Cost, params: usize) -> String {
    if cost.residuals == 0 {
        return cost.vectors.to_string();
    }
    let floats = cost.vectors * params + cost.residuals * usual_len(params);
    format!("{:.2}", floats as f64 / params as f64)
}

const fn off(off: Off) -> &'static str {
    match off {
        Off::None => "-",
        Off::Exact => "exact",
        Off::Rounding(_) => "rounding",
    }
}

fn notes(layout: Layout) -> String {
    let roles = ROLES.map(|role| format!("{}: {}\n", role_name(role), question(role))).concat();
    let columns = format!(
        "bytes: f32 state beside weights and gradient for n = {} weights in {} filters; add the optimizer's to a \
         method's.\nswitched off: with rho, gamma or p at 0 it is the base optimizer bit for bit (exact), or up to \
         rounding.\n",
        thousands(layout.params as u64),
        layout.filters,
    );
    let reasons = entries().filter_map(|entry| match entry.off {
        Off::Rounding(reason) => Some(format!("{} rounds: {reason}.\n", entry.name)),
        _ => None,
    });
    roles + &columns + &reasons.collect::<String>()
}
