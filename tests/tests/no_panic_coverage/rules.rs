//! What `macro_rules!` write, as source that parses.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// What stands before the name of a macro's variable, which is no identifier with its `$`.
pub(crate) const VARIABLE: &str = "variable_";

pub(crate) fn text(name: &syn::Ident) -> String {
    let name = name.to_string();
    name.strip_prefix(VARIABLE).map_or(name.clone(), |name| format!("${name}"))
}

/// What the arms of `macro_rules!` write: every variable stands for itself, everything repeated stands once.
pub(crate) fn transcribed(rules: &TokenStream) -> Vec<TokenStream> {
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
pub(crate) fn words(tokens: TokenStream) -> BTreeSet<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(word) => BTreeSet::from([word.to_string()]),
            TokenTree::Group(group) => words(group.stream()),
            _ => BTreeSet::new(),
        })
        .collect()
}
