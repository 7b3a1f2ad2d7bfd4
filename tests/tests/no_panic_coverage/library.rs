//! What a user can call in a crate, read from its source.

use super::image::{Function, Image, import};
use super::rules::{text, transcribed, words};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use syn::{Attribute, ImplItem, Item, TraitItem, Type, Visibility};

/// What stands for the variables of the crate's macros: module, variable, names.
const WRITTEN: &[(&str, &str, &[&str])] = &[
    ("checkpoint", "$Store", &["Store", "AsyncStore"]),
    ("checkpoint", "$Task", &["Task", "AsyncTask"]),
    ("drive", "$name", &["step_sliced", "step_sliced_async"]),
    ("nn", "$name", &["Relu", "Tanh"]),
];

/// Something a user can call: `name` in the top module `module` of the crate, owned by a type or a trait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Public {
    module: String,
    owner: Option<String>,
    kind: Kind,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Free,
    /// Of a type, or of a foreign trait for a type.
    Method,
    /// Declared in a trait.
    Declared,
    /// The trait `name`, for the type `owner`.
    Implementation,
}

impl Public {
    pub(crate) fn id(&self) -> String {
        let Self { module, owner, name, kind } = self;
        match owner {
            Some(owner) if *kind == Kind::Implementation => format!("{module}::{owner} as {name}"),
            Some(owner) => format!("{module}::{owner}::{name}"),
            None => format!("{module}::{name}"),
        }
    }
}

#[derive(Default)]
pub(crate) struct Crate {
    pub(crate) public: BTreeSet<Public>,
    types: BTreeSet<String>,
    traits: BTreeSet<String>,
    /// What the crate's root exports, and from which module.
    exports: BTreeMap<String, String>,
    /// Of a trait, the types that implement it.
    implementors: BTreeMap<String, BTreeSet<String>>,
    later: Vec<(String, syn::ItemImpl)>,
}

impl Crate {
    pub(crate) fn read(root: &Path) -> Self {
        let mut this = Self::default();
        this.file(&root.join("lib.rs"), root, &[]);
        this.implementations();
        this
    }

    pub(crate) fn of_text(text: &str) -> Self {
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

    pub(crate) fn missing(&self, image: &Image) -> BTreeSet<String> {
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
pub(crate) fn name_of(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().map(|last| text(&last.ident)).unwrap_or_default(),
        Type::Reference(inner) => name_of(&inner.elem),
        Type::Slice(inner) => name_of(&inner.elem),
        Type::Array(inner) => name_of(&inner.elem),
        _ => String::new(),
    }
}
