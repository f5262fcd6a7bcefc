//! What every `Describe*` call does with what it found: filter, sort, cut into pages.

use api_ec2::Filter;
use roadstead_core::arn::Place;
use roadstead_core::paging;
use roadstead_kernel::ApiError;

use crate::error::client;
use crate::filter::{Filtered, Filters};

/// The filters and the page that a call asks for.
pub struct Listing {
    scope: String,
    /// The filters.
    pub filters: Filters,
    limit: usize,
    after: Option<String>,
}

impl Listing {
    /// Reads what the call asks for; fails on unknown filters and on tokens of other calls.
    pub fn parse<F: Filtered>(
        operation: &str,
        filters: Option<Vec<Filter>>,
        max_results: Option<i32>,
        next_token: Option<String>,
    ) -> Result<Self, ApiError> {
        let filters = Filters::parse::<F>(filters)?;
        let scope = format!("{operation}\u{0}{}", filters.text());
        let after = match next_token.filter(|token| !token.is_empty()) {
            Some(token) => Some(
                paging::key(&scope, &token)
                    .ok_or_else(|| client("InvalidNextToken", "The specified NextToken is not valid."))?,
            ),
            None => None,
        };
        let limit = max_results
            .and_then(|max| usize::try_from(max).ok())
            .filter(|max| *max > 0)
            .unwrap_or(usize::MAX);
        Ok(Self {
            scope,
            filters,
            limit,
            after,
        })
    }

    /// The same without pages.
    pub fn whole<F: Filtered>(operation: &str, filters: Option<Vec<Filter>>) -> Result<Self, ApiError> {
        Self::parse::<F>(operation, filters, None, None)
    }

    /// The items of the page, and the token of the next one.
    pub fn cut<F: Filtered>(
        &self,
        place: Place,
        mut items: Vec<F>,
        key: impl Fn(&F) -> &str,
    ) -> (Vec<F>, Option<String>) {
        items.retain(|item| self.filters.match_all(place, item));
        items.sort_by(|a, b| key(a).cmp(key(b)));
        let page = paging::page(items, key, self.after.as_deref(), self.limit);
        let next = page.next.map(|last| paging::token(&self.scope, &last));
        (page.items, next)
    }
}
