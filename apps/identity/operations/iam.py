"""IAM's operations by their wire names.

What changes anything runs in a transaction that begins by raising the account's iam_version: the changes of one account
come one after another, so quotas hold, and what was kept of its callers' policies counts no more.
"""

from functools import wraps

from django.db import IntegrityError, transaction

from apps.identity import attached
from apps.identity.errors import EntityAlreadyExists
from apps.identity.operations import (
    access_keys,
    accounts,
    attaching,
    groups,
    inline,
    policies,
    providers,
    roles,
    simulation,
    tagging,
    users,
)


def _changing(run):
    @wraps(run)
    def changed(ctx, request):
        try:
            with transaction.atomic():
                attached.changed(ctx.account)
                return run(ctx, request)
        except IntegrityError:  # another account took the alias a moment ago: names of one account come one by one
            raise EntityAlreadyExists("The name is taken.") from None

    return changed


_READING = {
    "GetAccessKeyLastUsed": access_keys.get_access_key_last_used,
    "GetAccountAuthorizationDetails": accounts.get_account_authorization_details,
    "GetAccountSummary": accounts.get_account_summary,
    "GetContextKeysForCustomPolicy": simulation.get_context_keys_for_custom_policy,
    "GetContextKeysForPrincipalPolicy": simulation.get_context_keys_for_principal_policy,
    "GetGroup": groups.get_group,
    "GetGroupPolicy": inline.get_policy,
    "GetLoginProfile": users.no_login_profile,
    "GetOpenIDConnectProvider": providers.get_provider,
    "GetPolicy": policies.get_policy,
    "GetPolicyVersion": policies.get_policy_version,
    "GetRole": roles.get_role,
    "GetRolePolicy": inline.get_policy,
    "GetUser": users.get_user,
    "GetUserPolicy": inline.get_policy,
    "ListAccessKeys": access_keys.list_access_keys,
    "ListAccountAliases": accounts.list_account_aliases,
    "ListAttachedGroupPolicies": attaching.list_attached_policies,
    "ListAttachedRolePolicies": attaching.list_attached_policies,
    "ListAttachedUserPolicies": attaching.list_attached_policies,
    "ListEntitiesForPolicy": policies.list_entities_for_policy,
    "ListGroupPolicies": inline.list_policies,
    "ListGroups": groups.list_groups,
    "ListGroupsForUser": groups.list_groups_for_user,
    "ListInstanceProfiles": users.none_of_the_account("InstanceProfiles"),
    "ListInstanceProfilesForRole": roles.list_instance_profiles_for_role,
    "ListMFADevices": users.nothing_listed("MFADevices"),
    "ListOpenIDConnectProviderTags": tagging.list_provider_tags,
    "ListOpenIDConnectProviders": providers.list_providers,
    "ListPolicies": policies.list_policies,
    "ListPolicyTags": tagging.list_policy_tags,
    "ListPolicyVersions": policies.list_policy_versions,
    "ListRolePolicies": inline.list_policies,
    "ListRoleTags": tagging.list_entity_tags,
    "ListRoles": roles.list_roles,
    "ListSSHPublicKeys": users.nothing_listed("SSHPublicKeys"),
    "ListServiceSpecificCredentials": users.nothing_listed("ServiceSpecificCredentials"),
    "ListSigningCertificates": users.nothing_listed("Certificates"),
    "ListUserPolicies": inline.list_policies,
    "ListUserTags": tagging.list_entity_tags,
    "ListUsers": users.list_users,
    "ListVirtualMFADevices": users.none_of_the_account("VirtualMFADevices"),
    "SimulateCustomPolicy": simulation.simulate_custom_policy,
    "SimulatePrincipalPolicy": simulation.simulate_principal_policy,
}
_WRITING = {
    "AddClientIDToOpenIDConnectProvider": providers.add_client,
    "AddUserToGroup": groups.add_user_to_group,
    "AttachGroupPolicy": attaching.attach_policy,
    "AttachRolePolicy": attaching.attach_policy,
    "AttachUserPolicy": attaching.attach_policy,
    "CreateAccessKey": access_keys.create_access_key,
    "CreateAccountAlias": accounts.create_account_alias,
    "CreateGroup": groups.create_group,
    "CreateOpenIDConnectProvider": providers.create_provider,
    "CreatePolicy": policies.create_policy,
    "CreatePolicyVersion": policies.create_policy_version,
    "CreateRole": roles.create_role,
    "CreateUser": users.create_user,
    "DeleteAccessKey": access_keys.delete_access_key,
    "DeleteAccountAlias": accounts.delete_account_alias,
    "DeleteGroup": groups.delete_group,
    "DeleteGroupPolicy": inline.delete_policy,
    "DeleteLoginProfile": users.no_login_profile,
    "DeleteOpenIDConnectProvider": providers.delete_provider,
    "DeletePolicy": policies.delete_policy,
    "DeletePolicyVersion": policies.delete_policy_version,
    "DeleteRole": roles.delete_role,
    "DeleteRolePermissionsBoundary": users.delete_boundary,
    "DeleteRolePolicy": inline.delete_policy,
    "DeleteUser": users.delete_user,
    "DeleteUserPermissionsBoundary": users.delete_boundary,
    "DeleteUserPolicy": inline.delete_policy,
    "DetachGroupPolicy": attaching.detach_policy,
    "DetachRolePolicy": attaching.detach_policy,
    "DetachUserPolicy": attaching.detach_policy,
    "PutGroupPolicy": inline.put_policy,
    "PutRolePermissionsBoundary": users.put_boundary,
    "PutRolePolicy": inline.put_policy,
    "PutUserPermissionsBoundary": users.put_boundary,
    "PutUserPolicy": inline.put_policy,
    "RemoveClientIDFromOpenIDConnectProvider": providers.remove_client,
    "RemoveUserFromGroup": groups.remove_user_from_group,
    "SetDefaultPolicyVersion": policies.set_default_policy_version,
    "TagOpenIDConnectProvider": tagging.tag_provider,
    "TagPolicy": tagging.tag_policy,
    "TagRole": tagging.tag_entity,
    "TagUser": tagging.tag_entity,
    "UntagOpenIDConnectProvider": tagging.untag_provider,
    "UntagPolicy": tagging.untag_policy,
    "UntagRole": tagging.untag_entity,
    "UntagUser": tagging.untag_entity,
    "UpdateAccessKey": access_keys.update_access_key,
    "UpdateAssumeRolePolicy": roles.update_assume_role_policy,
    "UpdateGroup": groups.update_group,
    "UpdateOpenIDConnectProviderThumbprint": providers.update_thumbprints,
    "UpdateRole": roles.update_role,
    "UpdateRoleDescription": roles.update_role_description,
    "UpdateUser": users.update_user,
}
OPERATIONS = _READING | {name: _changing(run) for name, run in _WRITING.items()}

_NONE = "There are none here."
PARTIAL: dict[str, str] = {
    "CreateOpenIDConnectProvider": "Providers are kept and shown; their tokens are not taken. `http://` is accepted too.",
    "DeleteLoginProfile": "IAM users have no passwords here.",
    "GetAccountAuthorizationDetails": "Instance profiles are never there.",
    "GetLoginProfile": "IAM users have no passwords here.",
    "ListInstanceProfiles": _NONE,
    "ListInstanceProfilesForRole": _NONE,
    "ListMFADevices": _NONE,
    "ListPolicies": "Of AWS's own policies the ones that a lab has a use for.",
    "ListSSHPublicKeys": _NONE,
    "ListServiceSpecificCredentials": _NONE,
    "ListSigningCertificates": _NONE,
    "ListVirtualMFADevices": _NONE,
    "SimulateCustomPolicy": "Service control policies are not simulated.",
    "SimulatePrincipalPolicy": "Service control policies are not simulated.",
}
NO_EFFECT: dict[str, list[str]] = {
    "SimulateCustomPolicy": ["ResourceHandlingOption", "OrderedOrganizationPolicyInputList"],
    "SimulatePrincipalPolicy": ["ResourceHandlingOption"],
}
