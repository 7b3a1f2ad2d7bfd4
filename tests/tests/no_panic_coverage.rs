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
//! the image has no such target. In what a macro of the crate writes, a variable is a name of its own: see `WRITTEN`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use flatmin_tests::say;
use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Token, TraitItem, Type, UseTree, Visibility};

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

/// What stands for the variables of the crate's macros: module, variable, names.
const WRITTEN: &[(&str, &str, &[&str])] = &[
    ("checkpoint", "$Store", &["Store", "AsyncStore"]),
    ("checkpoint", "$Task", &["Task", "AsyncTask"]),
    ("drive", "$name", &["step_sliced", "step_sliced_async"]),
    ("nn", "$name", &["Relu", "Tanh"]),
];

/// Something a user can call: `name` in the top module `module` of the crate, owned by a type or a trait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Public {
    module: String,
    owner: Option<String>,
    kind: Kind,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Free,
    /// Of a type, or of a foreign trait for a type.
    Method,
    /// Declared in a trait.
    Declared,
    /// The trait `name`, for the type `owner`.
    Implementation,
}

impl Public {
    fn id(&self) -> String {
        let Self { module, owner, name, kind } = self;
        match owner {
            Some(owner) if *kind == Kind::Implementation => format!("{module}::{owner} as {name}"),
            Some(owner) => format!("{module}::{owner}::{name}"),
            None => format!("{module}::{name}"),
        }
    }
}

// ---------------------------------------------------------------- the crate

#[derive(Default)]
struct Crate {
    public: BTreeSet<Public>,
    types: BTreeSet<String>,
    traits: BTreeSet<String>,
    /// What the crate's root exports, and from which module.
    exports: BTreeMap<String, String>,
    /// Of a trait, the types that implement it.
    implementors: BTreeMap<String, BTreeSet<String>>,
    later: Vec<(String, syn::ItemImpl)>,
}

impl Crate {
    fn read(root: &Path) -> Self {
        let mut this = Self::default();
        this.file(&root.join("lib.rs"), root, &[]);
        this.implementations();
        this
    }

    fn of_text(text: &str) -> Self {
        let mut this = Self::default();
        let file = syn::parse_file(text).expect("a made-up source parses");
        this.items(file.items, Path::new(""), &["made_up".to_string()]);
        this.implementations();
        this
    }

    fn file(&mut self, path: &Path, children: &Path, module: &[String]) {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.items(file.items, children, module);
    }

    fn items(&mut self, items: Vec<Item>, folder: &Path, module: &[String]) {
        let top = module.first().cloned().unwrap_or_default();
        for item in items {
            match item {
                Item::Mod(item) if !is_left_out(&item.attrs) => {
                    let name = text(&item.ident);
                    let inner: Vec<_> = module.iter().cloned().chain([name.clone()]).collect();
                    match item.content {
                        Some((_, items)) => self.items(items, &folder.join(&name), &inner),
                        None => self.file(&folder.join(format!("{name}.rs")), &folder.join(&name), &inner),
                    }
                }
                Item::Fn(item) if is_public(&item.vis) && !is_left_out(&item.attrs) => {
                    self.add(&top, None, Kind::Free, text(&item.sig.ident));
                }
                Item::Trait(item) if is_public(&item.vis) => {
                    self.traits.insert(text(&item.ident));
                    for method in &item.items {
                        if let TraitItem::Fn(method) = method {
                            let name = text(&method.sig.ident);
                            self.add(&top, Some(text(&item.ident)), Kind::Declared, name);
                        }
                    }
                }
                Item::Struct(item) if is_public(&item.vis) => drop(self.types.insert(text(&item.ident))),
                Item::Enum(item) if is_public(&item.vis) => drop(self.types.insert(text(&item.ident))),
                Item::Use(item) if is_public(&item.vis) && top.is_empty() => {
                    let mut names = BTreeMap::new();
                    import(&item.tree, &[], &mut names);
                    self.exports.extend(names.into_iter().map(|(name, path)| (name, path[0].clone())));
                }
                Item::Impl(item) if !is_left_out(&item.attrs) => self.later.push((top.clone(), item)),
                Item::Macro(item) if item.mac.path.is_ident("macro_rules") => {
                    for text in transcribed(&item.mac.tokens) {
                        // One that does not write items, but expressions.
                        let Ok(file) = syn::parse2::<syn::File>(text) else { continue };
                        self.items(file.items, folder, module);
                    }
                }
                _ => {}
            }
        }
    }

    /// After everything else: which traits are the crate's own must be known.
    fn implementations(&mut self) {
        for (top, item) in std::mem::take(&mut self.later) {
            let owner = name_of(&item.self_ty);
            let of = item
                .trait_
                .as_ref()
                .and_then(|(_, path, _)| path.segments.last())
                .map(|last| text(&last.ident));
            if !self.types.contains(&owner) && !owner.starts_with('$') {
                continue;
            }
            let methods: Vec<_> = item
                .items
                .iter()
                .filter_map(|item| match item {
                    ImplItem::Fn(method) if !is_left_out(&method.attrs) => Some(method),
                    _ => None,
                })
                .collect();
            match of {
                Some(of) if self.traits.contains(&of) && !methods.is_empty() => {
                    self.implementors.entry(of.clone()).or_default().insert(owner.clone());
                    self.add(&top, Some(owner), Kind::Implementation, of);
                }
                of => {
                    for method in methods {
                        if of.is_some() || is_public(&method.vis) {
                            self.add(&top, Some(owner.clone()), Kind::Method, text(&method.sig.ident));
                        }
                    }
                }
            }
        }
    }

    fn add(&mut self, module: &str, owner: Option<String>, kind: Kind, name: String) {
        let written = |word: &String| -> Vec<String> {
            let names = WRITTEN.iter().find(|(of, variable, _)| *of == module && variable == word);
            names.map_or(vec![word.clone()], |(.., names)| {
                names.iter().map(|name| (*name).to_string()).collect()
            })
        };
        let owners =
            owner.as_ref().map_or(vec![None], |owner| written(owner).into_iter().map(Some).collect());
        for owner in owners {
            for name in written(&name) {
                self.public.insert(Public {
                    module: module.to_string(),
                    owner: owner.clone(),
                    kind: kind.clone(),
                    name,
                });
            }
        }
    }

    /// The types and traits through which the owner of `public` is called.
    fn stand_ins<'a>(&'a self, public: &'a Public) -> BTreeSet<&'a str> {
        let own = public.owner.as_deref();
        let others = own.filter(|_| public.kind == Kind::Declared).and_then(|own| self.implementors.get(own));
        own.into_iter().chain(others.into_iter().flatten().map(String::as_str)).collect()
    }

    fn missing(&self, image: &Image) -> BTreeSet<String> {
        self.public.iter().filter(|public| !self.is_used(public, image)).map(Public::id).collect()
    }

    fn is_used(&self, public: &Public, image: &Image) -> bool {
        let Public { module, owner, kind, name } = public;
        // The path, from the crate's root.
        let from_here = |path: &[String]| match path {
            [root, first, ..] if root == "flatmin" => {
                first == module || self.exports.get(first) == Some(module)
            }
            _ => false,
        };
        let Some(owner) = owner else {
            return image.paths().any(|path| from_here(path) && path.last() == Some(name));
        };
        if *kind == Kind::Implementation {
            return image.named.contains(owner) || image.functions.iter().any(|f| f.named.contains(owner));
        }
        let ours = self.stand_ins(public);
        let by_path = image.paths().any(|path| {
            let [.., before, last] = path.as_slice() else { return false };
            last == name && ours.contains(before.as_str()) && from_here(path)
        });
        by_path || image.functions.iter().any(|function| self.by_method(name, &ours, function))
    }

    /// Whether `function` calls `.name(`, and names nobody else who has such a method.
    fn by_method(&self, name: &str, ours: &BTreeSet<&str>, function: &Function) -> bool {
        let same =
            self.public.iter().filter(|other| other.name == name && other.kind != Kind::Implementation);
        let mut others = same.flat_map(|other| self.stand_ins(other)).filter(|owner| !ours.contains(owner));
        function.methods.contains(name)
            && ours.iter().any(|owner| function.named.contains(*owner))
            && !others.any(|owner| function.named.contains(owner))
    }
}

/// What stands before the name of a macro's variable, which is no identifier with its `$`.
const VARIABLE: &str = "variable_";

fn text(name: &syn::Ident) -> String {
    let name = name.to_string();
    name.strip_prefix(VARIABLE).map_or(name.clone(), |name| format!("${name}"))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Of a test, or of a machine for which the image is not built.
fn is_left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let words = words(list.tokens.clone());
        words.contains("test") || words.contains("target_arch")
    })
}

/// The name of a type: of `&mut [Words]` it is `Words`, of `Sam<O, V>` it is `Sam`.
fn name_of(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().map(|last| text(&last.ident)).unwrap_or_default(),
        Type::Reference(inner) => name_of(&inner.elem),
        Type::Slice(inner) => name_of(&inner.elem),
        Type::Array(inner) => name_of(&inner.elem),
        _ => String::new(),
    }
}

/// What the arms of `macro_rules!` write: every variable stands for itself, everything repeated stands once.
fn transcribed(rules: &TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<_> = rules.clone().into_iter().collect();
    let arms = tokens.windows(3).filter_map(|window| match window {
        [TokenTree::Punct(equals), TokenTree::Punct(greater), TokenTree::Group(body)]
            if equals.as_char() == '=' && greater.as_char() == '>' =>
        {
            Some(without_variables(body.stream()))
        }
        _ => None,
    });
    arms.collect()
}

fn without_variables(tokens: TokenStream) -> TokenStream {
    let mut out = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    let is = |token: &TokenTree, of: &str| matches!(token, TokenTree::Punct(p) if of.contains(p.as_char()));
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => {
                let Some(TokenTree::Group(repeated)) =
                    tokens.next_if(|next| matches!(next, TokenTree::Group(_)))
                else {
                    // `$async` is what it says, or nothing; `$i` is some name.
                    match tokens.next() {
                        Some(TokenTree::Ident(name)) if name != "async" && name != "await" => {
                            out.push(TokenTree::Ident(proc_macro2::Ident::new(
                                &format!("{VARIABLE}{name}"),
                                name.span(),
                            )));
                        }
                        other => out.extend(other),
                    }
                    continue;
                };
                out.extend(without_variables(repeated.stream()));
                // A separator, if any, and how often.
                if tokens.next().is_some_and(|token| !is(&token, "?*+")) {
                    tokens.next();
                }
            }
            TokenTree::Group(group) => {
                let inner = without_variables(group.stream());
                out.push(TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner)));
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// All identifiers.
fn words(tokens: TokenStream) -> BTreeSet<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(word) => BTreeSet::from([word.to_string()]),
            TokenTree::Group(group) => words(group.stream()),
            _ => BTreeSet::new(),
        })
        .collect()
}

// ---------------------------------------------------------------- the image

#[derive(Default)]
struct Image {
    functions: Vec<Function>,
    /// Named outside of functions.
    named: BTreeSet<String>,
}

/// What a function names: paths in full, methods, and every word of a path.
#[derive(Default)]
struct Function {
    paths: BTreeSet<Vec<String>>,
    methods: BTreeSet<String>,
    named: BTreeSet<String>,
    imports: BTreeMap<String, Vec<String>>,
}

impl Image {
    fn read(folder: &Path) -> Self {
        let mut files: Vec<PathBuf> = Vec::new();
        collect(folder, &mut files);
        let mut this = Self::default();
        for path in files {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            this.add(&text, &path.display().to_string());
        }
        this
    }

    fn add(&mut self, text: &str, at: &str) {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{at}: {error}"));
        let mut imports = BTreeMap::new();
        for item in &file.items {
            if let Item::Use(item) = item {
                import(&item.tree, &[], &mut imports);
            }
        }
        self.items(&file.items, &imports, at);
    }

    fn items(&mut self, items: &[Item], imports: &BTreeMap<String, Vec<String>>, at: &str) {
        for item in items {
            let mut function = Function { imports: imports.clone(), ..Function::default() };
            match item {
                Item::Macro(item) if item.mac.path.is_ident("must_not_panic") => {
                    let file: syn::File =
                        item.mac.parse_body().unwrap_or_else(|error| panic!("{at}: {error}"));
                    self.items(&file.items, imports, at);
                }
                Item::Fn(item) => {
                    function.visit_item_fn(item);
                    self.functions.push(function);
                }
                Item::Type(item) => {
                    function.visit_item_type(item);
                    self.named.extend(function.named);
                }
                _ => {}
            }
        }
    }

    fn paths(&self) -> impl Iterator<Item = &Vec<String>> {
        self.functions.iter().flat_map(|function| &function.paths)
    }
}

impl Function {
    fn path(&mut self, path: &syn::Path) {
        let mut words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(whole) = self.imports.get(&words[0]) {
            words.splice(..1, whole.iter().cloned());
        }
        self.named.extend(words.iter().cloned());
        self.paths.insert(words);
    }
}

impl Visit<'_> for Function {
    fn visit_path(&mut self, path: &syn::Path) {
        self.path(path);
        visit::visit_path(self, path);
    }

    /// `<Type as Trait>::method` is `Type::method`.
    fn visit_expr_path(&mut self, expr: &syn::ExprPath) {
        if let (Some(qself), Some(last)) = (&expr.qself, expr.path.segments.last())
            && let Type::Path(of) = &*qself.ty
        {
            let mut path = of.path.clone();
            path.segments.push(last.clone());
            self.path(&path);
        }
        visit::visit_expr_path(self, expr);
    }

    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        self.methods.insert(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        if let Ok(arguments) = call.parse_body_with(Punctuated::<syn::Expr, Token![,]>::parse_terminated) {
            arguments.iter().for_each(|argument| self.visit_expr(argument));
        }
        self.named.extend(words(call.tokens.clone()));
    }
}

/// What every name of a `use` stands for.
fn import(tree: &UseTree, before: &[String], into: &mut BTreeMap<String, Vec<String>>) {
    let with =
        |name: &syn::Ident| -> Vec<String> { before.iter().cloned().chain([name.to_string()]).collect() };
    match tree {
        UseTree::Path(path) => import(&path.tree, &with(&path.ident), into),
        UseTree::Name(name) if name.ident == "self" => {
            into.extend(before.last().map(|last| (last.clone(), before.to_vec())));
        }
        UseTree::Name(name) => drop(into.insert(name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(name) => drop(into.insert(name.rename.to_string(), with(&name.ident))),
        UseTree::Group(group) => group.items.iter().for_each(|tree| import(tree, before, into)),
        UseTree::Glob(_) => {}
    }
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

// ---------------------------------------------------------------- the tests

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
