//! Lists of parameters by name, a page at a time.

use roadstead_core::arn::Place;
use roadstead_core::paging;
use roadstead_kernel::Result;
use roadstead_store::{Range, Table};

use crate::error::invalid_token;
use crate::records::Parameter;
use crate::{Ssm, scope};

/// How many records are read at once.
const AT_ONCE: usize = 500;

/// The size of a page: what the model checked, else the default.
pub fn page_size(asked: Option<i32>, default: usize) -> usize {
    asked.and_then(|asked| usize::try_from(asked).ok()).unwrap_or(default)
}

/// The key after which a page begins. Errors: `InvalidNextToken` for a token that is not of this call.
pub fn after(filters: &str, token: Option<&str>) -> Result<Option<String>> {
    let key = |token: &str| paging::key(filters, token).ok_or_else(invalid_token);
    token.filter(|token| !token.is_empty()).map(key).transpose()
}

/// Some parameters and, when there are more, the name of the last one.
pub struct Listed {
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The name after which the next page begins.
    pub next: Option<String>,
}

impl Ssm {
    /// The parameters whose names begin with `prefix`, as far as `keep` says so.
    pub(crate) async fn list(
        &self,
        place: Place,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        keep: impl Fn(&Parameter) -> bool,
    ) -> Result<Listed> {
        let at = scope(&place);
        // A key without its last separator is what all longer names begin with as well.
        let all = match prefix {
            "" => Table::<Parameter>::prefix(at, &[]),
            prefix => Table::<Parameter>::key(at, &[prefix]),
        };
        let mut after = after.map(|name| Table::<Parameter>::key(at, &[name]));
        let mut parameters: Vec<Parameter> = Vec::new();
        loop {
            let mut range = Range::prefix(all.clone()).limit(AT_ONCE);
            if let Some(key) = after.take() {
                range = range.after(&key);
            }
            let (entries, _) = self.store.range(range).await?;
            let full = entries.len() == AT_ONCE;
            after = entries.last().map(|entry| entry.key.clone());
            for entry in entries {
                let parameter = Table::<Parameter>::decode(entry)?.record;
                if !keep(&parameter) {
                    continue;
                }
                if parameters.len() == limit {
                    let next = parameters.last().map(|last| last.name.clone());
                    return Ok(Listed { parameters, next });
                }
                parameters.push(parameter);
            }
            if !full {
                return Ok(Listed { parameters, next: None });
            }
        }
    }
}
