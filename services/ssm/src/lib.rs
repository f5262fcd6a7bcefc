//! Systems Manager Parameter Store: parameters in hierarchies, with versions, labels, tags and secure values.

mod error;
mod filters;
mod listing;
mod name;
mod public;
mod records;
mod rules;
mod tagging;

use std::sync::Arc;

use roadstead_core::arn::Place;
use roadstead_kernel::{Cx, Fault, Needs, Result, operations};
use roadstead_store::{Scope, Store, Table, Versioned, ordered};

use crate::error::{not_found, too_many_updates, version_not_found};
use crate::name::{Named, Selector};
use crate::records::{Kept, Parameter, Superseded, Version};

/// How often a change is tried again that lost a race.
const MAX_RETRIES: usize = 32;

/// The service.
pub struct Ssm {
    store: Arc<dyn Store>,
    parameters: Table<Parameter>,
    superseded: Table<Superseded>,
}

operations! {
    Ssm: api_ssm,
    add_tags_to_resource::AddTagsToResource,
    delete_parameter::DeleteParameter,
    delete_parameters::DeleteParameters,
    describe_parameters::DescribeParameters,
    get_parameter::GetParameter,
    get_parameter_history::GetParameterHistory,
    get_parameters::GetParameters,
    get_parameters_by_path::GetParametersByPath,
    label_parameter_version::LabelParameterVersion,
    list_tags_for_resource::ListTagsForResource,
    put_parameter::PutParameter,
    remove_tags_from_resource::RemoveTagsFromResource,
    unlabel_parameter_version::UnlabelParameterVersion,
}

impl Ssm {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            parameters: Table::new(Arc::clone(&store)),
            superseded: Table::new(Arc::clone(&store)),
            store,
        })
    }

    /// The parameter that a call names, if there is one.
    pub(crate) async fn find(&self, cx: &Cx, named: &Named) -> Result<Option<Versioned<Parameter>>> {
        for name in named.names_in(cx.place()) {
            if let Some(found) = self.parameters.get(scope(&cx.place()), &[name]).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// As [`Ssm::find`]; `ParameterNotFound` without one.
    pub(crate) async fn parameter(&self, cx: &Cx, named: &Named) -> Result<Parameter> {
        let found = self.find(cx, named).await?.ok_or_else(not_found)?;
        Ok(found.record)
    }

    /// The version of a parameter that a selector means; the latest without one.
    ///
    /// Errors: `ParameterVersionNotFound`.
    pub(crate) async fn selected(&self, cx: &Cx, of: &Parameter, selector: Option<&Selector>) -> Result<Version> {
        let number = match selector {
            None => Some(of.latest.number),
            Some(Selector::Version(number)) => Some(*number),
            Some(Selector::Label(label)) => of.labels.get(label).copied(),
        };
        let found = match number {
            Some(number) => self.version(cx, of, number).await?,
            None => None,
        };
        found.ok_or_else(|| version_not_found(&of.name, selector))
    }

    /// A version of a parameter by its number.
    pub(crate) async fn version(&self, cx: &Cx, of: &Parameter, number: u64) -> Result<Option<Version>> {
        if number == of.latest.number {
            return Ok(Some(of.latest.clone()));
        }
        let id = [of.name.as_str(), &ordered(number)];
        let found = self.superseded.get(scope(&cx.place()), &id).await?;
        Ok(found.map(|found| found.record.0))
    }

    /// Changes a parameter. Errors: `ParameterNotFound`; `TooManyUpdates` when others are faster again and again.
    pub(crate) async fn change(
        &self,
        cx: &Cx,
        named: &Named,
        change: impl FnMut(&mut Parameter) -> Result<()>,
    ) -> Result<Parameter> {
        let name = self.parameter(cx, named).await?.name;
        match self.parameters.update(scope(&cx.place()), &[&name], change).await {
            Ok(Some(changed)) => Ok(changed.record),
            Ok(None) => Err(not_found()),
            Err(fault) => Err(lost(fault)),
        }
    }

    /// Needs on a parameter, with its tags; for the operation's own action.
    pub(crate) async fn needs_on(&self, cx: &Cx, named: &Named) -> Result<Needs> {
        let needs = Needs::on(named.arn(cx.place()));
        Ok(match self.find(cx, named).await? {
            Some(found) => tagging::resource_tags(needs, &found.record.tags),
            None => needs,
        })
    }

    /// As [`Ssm::needs_on`], for each of several.
    pub(crate) async fn needs_on_each(&self, cx: &Cx, names: &[String]) -> Result<Needs> {
        let mut needs = Needs::nothing();
        for name in names {
            needs = needs.and(self.needs_on(cx, &Named::parse(name)).await?);
        }
        Ok(needs)
    }
}

/// What a value says: in the clear where `decrypt` asks for it or it is not a secure one.
pub(crate) fn reveal(cx: &Cx, name: &str, version: &Version, decrypt: bool) -> Result<String> {
    match &version.value {
        Kept::Plain(text) => Ok(text.clone()),
        Kept::Sealed(sealed) if decrypt => sealed.open(cx, name, version.number),
        Kept::Sealed(sealed) => Ok(sealed.text()),
    }
}

/// The scope of a place's records.
pub(crate) fn scope(place: &Place) -> Scope<'_> {
    Scope::new(place.account.as_str(), place.region.as_str())
}

/// What a caller is told when a change lost every race.
pub(crate) fn lost(fault: Fault) -> Fault {
    if fault.is_conflict() { too_many_updates() } else { fault }
}
