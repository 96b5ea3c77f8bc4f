"""Sphinx: `python -m sphinx -W docs target/docs`."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

project = "audio_samples"
author = "audio_samples contributors"
release = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))["package"]["version"]
project_copyright = author

extensions = ["myst_parser", "autoapi.extension", "sphinx_copybutton"]

# The reference is read from the stubs, whose docstrings are those of the built module.
autoapi_dirs = ["../python/audio_samples"]
autoapi_file_patterns = ["*.pyi", "*.py"]
autoapi_generate_api_docs = False
autoapi_add_toctree_entry = False
autoapi_options = ["members", "inherited-members"]
autoapi_python_class_content = "class"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
python_trailing_comma_in_multi_line_signatures = False
python_use_unqualified_type_names = True
add_module_names = False
# `name` in a docstring is code.
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

templates_path = []
exclude_patterns = ["_build"]
nitpicky = False

html_theme = "furo"
html_title = "audio_samples"
html_static_path = ["_static"]
html_show_sourcelink = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "native"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
# It follows every import of the package, those of the compiled module too, and needs none.
suppress_warnings = ["autoapi.python_import_resolution"]
