//! The WGSL twins of the kernels, and how one becomes a module. Needs no GPU.
//!
//! A twin is a file of its kernel's stem: the hyperparameter struct, the bindings of group 0 in the order hyperparameters,
//! scalars, outputs, inputs, and the kernel's functions (`coef` and `apply`, `term`, or `scale` and `apply`) over vectors of
//! four elements. [`Twin::compose`] adds what all kernels of a form share: the loop, and group 1, which tells a dispatch
//! its place. Hyperparameters and scalars are arrays indexed by replica.

use std::fmt::Write;

/// How a kernel is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Element by element.
    Map,
    /// Sums of blocks over whole vectors.
    Reduce,
    /// A sum over each run of a layout.
    Groups,
    /// A step in place.
    Update,
    /// A step from saved weights, which are bound last.
    Restore,
    /// Noise.
    Fill,
}

/// A kernel as WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The kernel's `NAME`.
    pub name: &'static str,
    /// How it may be called.
    pub forms: &'static [Form],
    /// Its file.
    pub source: &'static str,
}

macro_rules! twins {
    ($($name:literal [$($form:ident)*];)*) => {
        &[$(Twin {
            name: $name,
            forms: &[$(Form::$form),*],
            source: include_str!(concat!("../shaders/", $name, ".wgsl")),
        }),*]
    };
}

/// Every twin, in the order of the registry of kernels.
pub const TWINS: &[Twin] = twins! {
    "clip" [Map];
    "copy" [Map];
    "dot" [Reduce];
    "lerp" [Map];
    "non_finite" [Reduce Groups];
    "offset" [Map];
    "perturb" [Fill];
    "pull" [Fill];
    "reperturb" [Fill];
    "save_ascend" [Map];
    "save_offset" [Map];
    "scale" [Map];
    "sq_norm" [Reduce Groups];
    "step_adam" [Update Restore];
    "step_momentum" [Update Restore];
    "step_nesterov" [Update Restore];
    "step_sgd" [Update Restore];
};

const CALL: &str = include_str!("../shaders/lib/call.wgsl");
const VERDICT: &str = include_str!("../shaders/lib/verdict.wgsl");
const GATE: &str = include_str!("../shaders/lib/gate.wgsl");
const LAYOUT: &str = include_str!("../shaders/lib/layout.wgsl");
const RNG: &str = include_str!("../shaders/lib/rng.wgsl");
const REDUCE: &str = include_str!("../shaders/lib/reduce.wgsl");
const GROUPS: &str = include_str!("../shaders/lib/groups.wgsl");
const FILL: &str = include_str!("../shaders/lib/fill.wgsl");
const TREE: &str = include_str!("../shaders/lib/tree.wgsl");
const JUDGE: &str = include_str!("../shaders/lib/judge.wgsl");

/// Four elements at a time, or one.
const FOUR: &str = "alias V = vec4<f32>;\nalias U = vec4<u32>;\n";
const ONE: &str = "alias V = f32;\nalias U = u32;\n";

/// Elements that a workgroup of an element-wise kernel takes.
pub const MAP_ELEMENTS: u32 = 1024;
/// Elements that a workgroup of a noise kernel takes.
pub const FILL_ELEMENTS: u32 = 1024;
/// Blocks that a workgroup of a reduction takes.
pub const REDUCE_BLOCKS: u32 = 8;
/// Sums that a workgroup of the tree takes.
pub const TREE_SUMS: u32 = 512;
/// Replicas that a workgroup of the judge takes.
pub const JUDGE_REPLICAS: u32 = 64;

/// The module that adds the sums of blocks.
pub fn tree() -> String {
    [CALL, TREE].concat()
}

/// The module that checks scalars before an update.
pub fn judge() -> String {
    [VERDICT, JUDGE].concat()
}

/// A binding of group 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Its name.
    pub name: &'a str,
    /// The element of its array: `V` for a vector, `f32` for scalars, or the hyperparameter struct.
    pub element: &'a str,
    /// Whether it is written.
    pub written: bool,
}

impl<'a> Binding<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (access, rest) =
            line.strip_prefix("@group(0)")?.split_once("var<storage, ")?.1.split_once("> ")?;
        let (name, array) = rest.split_once(": array<")?;
        Some(Self { name, element: array.strip_suffix(">;")?, written: access == "read_write" })
    }

    fn is_vector(&self) -> bool {
        self.element == "V"
    }
}

impl Twin {
    /// The twin of a kernel.
    pub fn find(name: &str) -> Option<&'static Self> {
        TWINS.iter().find(|twin| twin.name == name)
    }

    /// The bindings of group 0 in their order (the saved weights of [`Form::Restore`] come after them).
    pub fn bindings(&self) -> Vec<Binding<'static>> {
        self.source.lines().filter_map(Binding::parse).collect()
    }

    /// The module of one form, entry point `main`.
    pub fn compose(&self, form: Form) -> String {
        match form {
            Form::Map => [FOUR, CALL, self.source, &self.element_wise(form)].concat(),
            Form::Update | Form::Restore => {
                [FOUR, CALL, VERDICT, GATE, self.source, &self.element_wise(form)].concat()
            }
            Form::Reduce => [FOUR, CALL, self.source, &self.with_term(REDUCE)].concat(),
            Form::Groups => [ONE, CALL, LAYOUT, self.source, &self.with_term(GROUPS)].concat(),
            Form::Fill => [FOUR, CALL, LAYOUT, RNG, self.source, &self.fill()].concat(),
        }
    }

    /// The sum's loop, with the term of element `i` for `TERM(i)`.
    fn with_term(&self, sum: &str) -> String {
        let names: Vec<_> = self.bindings().iter().map(|b| b.name).collect();
        let params: Vec<_> = names.iter().map(|name| format!("{name}[i]")).collect();
        format!(
            "{}\nfn term_at(i: u32) -> V {{ return term({}); }}\n",
            sum.replace("TERM", "term_at"),
            params.join(", ")
        )
    }

    fn outputs(&self) -> Vec<&'static str> {
        self.bindings().iter().filter(|b| b.written).map(|b| b.name).collect()
    }

    fn inputs(&self) -> Vec<&'static str> {
        self.bindings().iter().filter(|b| !b.written && b.is_vector()).map(|b| b.name).collect()
    }

    fn element_wise(&self, form: Form) -> String {
        let (outputs, inputs) = (self.outputs(), self.inputs());
        let mut vectors: Vec<_> = outputs.iter().chain(&inputs).copied().collect();
        let mut gate = String::new();
        let mut saved = String::new();
        if form != Form::Map {
            // An update takes w, g and then its state.
            vectors = [&outputs[..1], &inputs[..], &outputs[1..]].concat();
            let mut refused = String::new();
            if form == Form::Restore {
                vectors[0] = "saved";
                let binding = self.bindings().len();
                saved = format!("@group(0) @binding({binding}) var<storage, read> saved: array<V>;\n");
                refused = store(&outputs[..1], "saved[at]");
            }
            gate = format!(
                "    if (call.gated != 0u && verdict[r].bad != 0u) {{\n{refused}        return;\n    }}\n"
            );
        }
        let coef = self.source.contains("fn coef(").then(|| "coef(r)".to_owned());
        let params: Vec<_> = coef.into_iter().chain(vectors.iter().map(|v| format!("{v}[at]"))).collect();
        let store = store(&outputs, "result");
        format!(
            "
{saved}
@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {{
    let i = place(group, groups) * 256u + lane;
    if (4u * i >= call.len) {{ return; }}
    let left = call.len - 4u * i;
    let r = group.z;
    let at = r * call.stride + i;
{gate}    let result = apply({});
{store}}}
",
            params.join(", ")
        )
    }

    fn fill(&self) -> String {
        let (outputs, inputs) = (self.outputs(), self.inputs());
        let values = self.bindings().iter().find(|b| b.element == "f32").map_or("", |b| b.name);
        let vectors: String = outputs.iter().chain(&inputs).map(|v| format!(", {v}[at]")).collect();
        // A twin without noise brings its tile: the one-scale-a-filter loop serves it as well.
        let noise = "normals(tile, thread % 4u, k[r].key)";
        let noise = if self.source.contains("fn ones(") { (noise, "ones()") } else { (noise, noise) };
        FILL.replace("VALUES", values)
            .replace(noise.0, noise.1)
            .replace("APPLY(scales * noise[row])", &format!("apply(scales * noise[row]{vectors})"))
            .replace(
                "        STORE\n",
                &format!("        let left = call.len - i;\n{}", store(&outputs, "result")),
            )
            .replace("new_values", "result")
    }
}

/// Writes `value` (an array of vectors if there are several outputs) to element `at`; the last vector of four may be cut.
fn store(outputs: &[&str], value: &str) -> String {
    let part = |k: usize| if outputs.len() == 1 { value.to_owned() } else { format!("{value}[{k}]") };
    let (mut whole, mut cut) = (String::new(), String::new());
    for (k, output) in outputs.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(whole, "        {output}[at] = {};", part(k));
        let _ = writeln!(cut, "            {output}[at][j] = {}[j];", part(k));
    }
    format!(
        "    if (left >= 4u) {{\n{whole}    }} else {{\n        for (var j = 0u; j < left; j += 1u) {{\n{cut}        }}\n    }}\n"
    )
}
