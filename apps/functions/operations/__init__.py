"""Lambda's operations: one function each, named like the operation in snake_case.

functions.py keeps functions, code.py their packages, invoke.py runs them, permissions.py says who else
may. OPERATIONS is what the wire serves; PARTIAL and NO_EFFECT are what `manage.py operations` and the
x-playground-no-effect header tell.
"""

from apps.functions import settings_of

from . import code, functions, invoke, permissions

OPERATIONS = {
    "CreateFunction": functions.create_function,
    "GetFunction": functions.get_function,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "ListFunctions": functions.list_functions,
    "UpdateFunctionCode": code.update_function_code,
    "UpdateFunctionConfiguration": functions.update_function_configuration,
    "DeleteFunction": functions.delete_function,
    "Invoke": invoke.invoke,
    "AddPermission": permissions.add_permission,
    "RemovePermission": permissions.remove_permission,
    "GetPolicy": permissions.get_policy,
}
PARTIAL = {
    "CreateFunction": "Zip packages only, for the runtimes this machine offers; layers, images, versions (Publish) and VPC are refused.",
    "GetFunction": "Reserved concurrency is not answered.",
    "UpdateFunctionCode": "Zip packages only; Publish is refused.",
    "UpdateFunctionConfiguration": "Layers and VPC are refused.",
    "ListFunctions": "Only $LATEST exists, so FunctionVersion=ALL lists the same.",
    "Invoke": "Only $LATEST; 429 is answered when the machine has no room left, not by an account's or a function's limit.",
    "AddPermission": "Function URLs and organisations are refused.",
}
NO_EFFECT = {
    "CreateFunction": list(settings_of.KEPT),
    "UpdateFunctionConfiguration": list(settings_of.KEPT),
    "Invoke": ["TenantId", "DurableExecutionName"],
}
