//! The condition keys that documents name, in conditions and as policy variables.

use crate::document::{Document, Negatable, Statement};
use crate::variable::{Piece, pieces};

/// The names of the condition keys that the documents use, as `iam:GetContextKeysForCustomPolicy` lists them: those of
/// conditions and, in documents of version 2012-10-17, of policy variables; each once, as first spelled, in order of
/// appearance.
pub fn context_keys<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut add = |key: &str| {
        if !key.is_empty() && seen.insert(key.to_ascii_lowercase()) {
            keys.push(key.to_owned());
        }
    };
    for document in documents {
        let variables = document.has_variables();
        let variables_of = |text: &str, add: &mut dyn FnMut(&str)| {
            for piece in pieces(text).filter(|_| variables) {
                if let Piece::Variable { key, .. } = piece {
                    add(key);
                }
            }
        };
        for statement in &document.statements {
            if let Some(Negatable { value, .. }) = &statement.resource {
                value
                    .items
                    .iter()
                    .for_each(|pattern| variables_of(&pattern.value, &mut add));
            }
            for (key, values) in Statement::conditions(statement).iter().flat_map(|block| &block.keys) {
                add(&key.value);
                values
                    .items
                    .iter()
                    .for_each(|value| variables_of(&value.text.value, &mut add));
            }
        }
    }
    keys
}
