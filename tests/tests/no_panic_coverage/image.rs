//! What the functions of an image name, read from its source.

use super::rules::words;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Item, Token, Type, UseTree};

#[derive(Default)]
pub(crate) struct Image {
    pub(crate) functions: Vec<Function>,
    /// Named outside of functions.
    pub(crate) named: BTreeSet<String>,
}

/// What a function names: paths in full, methods, and every word of a path.
#[derive(Default)]
pub(crate) struct Function {
    pub(crate) paths: BTreeSet<Vec<String>>,
    pub(crate) methods: BTreeSet<String>,
    pub(crate) named: BTreeSet<String>,
    imports: BTreeMap<String, Vec<String>>,
}

impl Image {
    pub(crate) fn read(folder: &Path) -> Self {
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

    pub(crate) fn add(&mut self, text: &str, at: &str) {
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

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Vec<String>> {
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
pub(crate) fn import(tree: &UseTree, before: &[String], into: &mut BTreeMap<String, Vec<String>>) {
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
