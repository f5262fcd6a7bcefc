//! Everything ECS does for its customers through `AWSServiceRoleForECS`, one function each.
//!
//! Each call is made with a real session of the role and allowed only by `AmazonECSServiceRolePolicy`: what the policy
//! forgets, ECS cannot do.

use std::sync::Arc;

use api_autoscaling::op::DescribeAutoScalingGroups;
use api_autoscaling::{AutoScalingGroup, AutoScalingGroupNamesType};
use api_ec2::op::{
    CreateNetworkInterface, CreateTags, DeleteNetworkInterface, DescribeNetworkInterfaces, DescribeSecurityGroups,
    DescribeSubnets, DescribeVpcAttribute, DescribeVpcs,
};
use api_ec2::{
    CreateNetworkInterfaceRequest, CreateTagsRequest, DeleteNetworkInterfaceRequest, DescribeNetworkInterfacesRequest,
    DescribeSecurityGroupsRequest, DescribeSubnetsRequest, DescribeVpcAttributeRequest, DescribeVpcsRequest, Filter,
    NetworkInterface, SecurityGroup, Subnet, Vpc, VpcAttributeName,
};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{Aside, Behalf, Fault, Kernel, Result};

use crate::error::{invalid, no_linked_role};
use crate::role::{self, SERVICE};

/// The session name of calls about network interfaces.
// AWS: recorded in the trail of a Fargate task.
const INTERFACES: &str = "ecs-eni-provisioning";

/// The session name of everything else.
// AWS: reported for calls about load balancers.
const SCHEDULING: &str = "ecs-service-scheduler";

/// Most values of one filter.
const MAX_FILTER_VALUES: usize = 200;

/// A session of the role in one account and region.
pub struct OnBehalf(Behalf);

impl OnBehalf {
    /// Assumes the role to work on network interfaces.
    ///
    /// Errors: `InvalidParameterException` in AWS's words when the role is missing or does not trust ECS.
    pub async fn for_interfaces(kernel: &Arc<Kernel>, place: Place) -> Result<Self> {
        match Behalf::assume(kernel, SERVICE, place, &role::arn(place), INTERFACES).await {
            Ok(session) => Ok(Self(session)),
            Err(Fault::Api(_)) => Err(no_linked_role()),
            Err(internal) => Err(internal),
        }
    }

    /// Assumes the role for what the scheduler does.
    ///
    /// Errors: as [`Self::for_interfaces`].
    pub async fn for_scheduling(kernel: &Arc<Kernel>, place: Place) -> Result<Self> {
        match Behalf::assume(kernel, SERVICE, place, &role::arn(place), SCHEDULING).await {
            Ok(session) => Ok(Self(session)),
            Err(Fault::Api(_)) => Err(no_linked_role()),
            Err(internal) => Err(internal),
        }
    }

    /// autoscaling:DescribeAutoScalingGroups — the group that a capacity provider shall have, if it is there.
    pub async fn auto_scaling_group(&self, arn: &str) -> Result<Option<AutoScalingGroup>> {
        let Some((_, name)) = arn.split_once(":autoScalingGroupName/") else {
            return Ok(None);
        };
        let input = AutoScalingGroupNamesType {
            auto_scaling_group_names: Some(vec![name.to_owned()]),
            ..AutoScalingGroupNamesType::default()
        };
        match self.0.call::<DescribeAutoScalingGroups>(input).await {
            Ok(answer) => Ok(answer
                .auto_scaling_groups
                .into_iter()
                .find(|group| group.auto_scaling_group_arn.as_deref() == Some(arn))),
            // Where nothing answers for Auto Scaling, there are no groups.
            Err(Fault::Api(_)) => Ok(None),
            Err(internal) => Err(internal),
        }
    }

    /// ec2:DescribeSubnets — the subnets that a caller named, to choose one from.
    pub async fn describe_subnets(&self, ids: &[String]) -> Result<Vec<Subnet>> {
        let input = DescribeSubnetsRequest {
            subnet_ids: Some(ids.to_vec()),
            ..DescribeSubnetsRequest::default()
        };
        match self.0.call::<DescribeSubnets>(input).await {
            Ok(answer) => Ok(answer.subnets.unwrap_or_default()),
            Err(fault) => Err(retrieving("subnet", ids, fault)),
        }
    }

    /// ec2:DescribeSecurityGroups — whether the groups that a caller named exist.
    pub async fn describe_security_groups(&self, ids: &[String]) -> Result<()> {
        let input = DescribeSecurityGroupsRequest {
            group_ids: Some(ids.to_vec()),
            ..DescribeSecurityGroupsRequest::default()
        };
        match self.0.call::<DescribeSecurityGroups>(input).await {
            Ok(_) => Ok(()),
            Err(fault) => Err(retrieving("security group", ids, fault)),
        }
    }

    /// ec2:DescribeSecurityGroups — the rules that tasks' interfaces are under; groups that are gone are left out.
    pub async fn security_group_rules(&self, ids: &[String]) -> Result<Vec<SecurityGroup>> {
        let mut found = Vec::new();
        for some in ids.chunks(MAX_FILTER_VALUES) {
            let input = DescribeSecurityGroupsRequest {
                filters: Some(vec![filter("group-id", some.to_vec())]),
                ..DescribeSecurityGroupsRequest::default()
            };
            let answer = self.0.call::<DescribeSecurityGroups>(input).await?;
            found.extend(answer.security_groups.unwrap_or_default());
        }
        Ok(found)
    }

    /// ec2:DescribeVpcs — the VPC of a task's subnet.
    pub async fn describe_vpc(&self, id: &str) -> Result<Option<Vpc>> {
        let input = DescribeVpcsRequest {
            vpc_ids: Some(vec![id.to_owned()]),
            ..DescribeVpcsRequest::default()
        };
        Ok(self
            .0
            .call::<DescribeVpcs>(input)
            .await?
            .vpcs
            .unwrap_or_default()
            .into_iter()
            .next())
    }

    /// ec2:DescribeVpcAttribute — whether the resolver answers in a VPC.
    pub async fn vpc_has_resolver(&self, id: &str) -> Result<bool> {
        let input = DescribeVpcAttributeRequest {
            vpc_id: id.to_owned(),
            attribute: VpcAttributeName::EnableDnsSupport,
            ..DescribeVpcAttributeRequest::default()
        };
        let answer = self.0.call::<DescribeVpcAttribute>(input).await?;
        Ok(answer.enable_dns_support.and_then(|value| value.value).unwrap_or(true))
    }

    /// ec2:DescribeNetworkInterfaces — the interface that was made for an attachment, if there is one.
    pub async fn network_interface_of(&self, attachment_arn: String) -> Result<Option<NetworkInterface>> {
        let input = DescribeNetworkInterfacesRequest {
            filters: Some(vec![filter("description", vec![attachment_arn])]),
            ..DescribeNetworkInterfacesRequest::default()
        };
        let answer = self.0.call::<DescribeNetworkInterfaces>(input).await?;
        Ok(answer.network_interfaces.unwrap_or_default().into_iter().next())
    }

    /// ec2:CreateNetworkInterface — the interface of a task; the same token gives the same interface again.
    ///
    /// A public address is asked for beside the request: its recorded parameters have none, and the role may associate
    /// no address afterwards.
    pub async fn create_network_interface(
        &self,
        subnet: &str,
        groups: &[String],
        attachment_arn: String,
        client_token: String,
        public: bool,
    ) -> Result<NetworkInterface> {
        let input = CreateNetworkInterfaceRequest {
            subnet_id: subnet.to_owned(),
            groups: Some(groups.to_vec()).filter(|groups| !groups.is_empty()),
            description: Some(attachment_arn),
            client_token: Some(client_token),
            ..CreateNetworkInterfaceRequest::default()
        };
        let role = self.0.saying(public.then_some(Aside::PublicAddress));
        let answer = role.call::<CreateNetworkInterface>(input).await?;
        answer
            .network_interface
            .ok_or_else(|| Fault::internal("EC2 made an interface and did not describe it"))
    }

    /// ec2:CreateTags — the managed and propagated tags of a task's interface.
    pub async fn tag_network_interface(&self, eni: &str, tags: &Tags) -> Result<()> {
        let input = CreateTagsRequest {
            resources: vec![eni.to_owned()],
            tags: tags
                .iter()
                .map(|(key, value)| api_ec2::Tag {
                    key: Some(key.to_owned()),
                    value: Some(value.to_owned()),
                })
                .collect(),
            ..CreateTagsRequest::default()
        };
        self.0.call::<CreateTags>(input).await.map(|_| ())
    }

    /// ec2:DeleteNetworkInterface — the end of a task's interface; one that is gone already is no error.
    pub async fn delete_network_interface(&self, eni: &str) -> Result<()> {
        let input = DeleteNetworkInterfaceRequest {
            network_interface_id: eni.to_owned(),
            ..DeleteNetworkInterfaceRequest::default()
        };
        match self.0.call::<DeleteNetworkInterface>(input).await {
            Err(Fault::Api(error)) if error.code == "InvalidNetworkInterfaceID.NotFound" => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter {
        name: Some(name.to_owned()),
        values: Some(values),
    }
}

/// EC2's error, as ECS passes it on.
// AWS: recorded; the code stands in brackets behind EC2's own text.
fn retrieving(what: &str, ids: &[String], fault: Fault) -> Fault {
    match fault {
        Fault::Api(error) => invalid(format!(
            "Error retrieving {what} information for [{}]: {} (ErrorCode: {})",
            ids.join(", "),
            error.message,
            error.code
        )),
        internal @ Fault::Internal(_) => internal,
    }
}
