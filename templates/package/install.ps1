# Puts {{ bin }} {{ version }} where the shell finds it: fetches the archive, holds it against SHA256SUMS, and replaces the program.
# Not tried on Windows by its authors.
param(
  [string]$From = $(if ($env:SO_FROM) { $env:SO_FROM } else { "{{ base_url }}" }),
  [string]$To = $(if ($env:SO_BIN_DIR) { $env:SO_BIN_DIR } else { Join-Path $env:LOCALAPPDATA "Programs\{{ name }}" })
)
$ErrorActionPreference = "Stop"
if (-not $From) { throw "say where the archives are: -From URL or -From DIR" }
{% set windows = targets | selectattr("os", "eq", "win32") | list %}
$name = "{{ name }}-{{ version }}-{{ windows[0].triple if windows else "x86_64-pc-windows-msvc" }}"
$scratch = Join-Path ([System.IO.Path]::GetTempPath()) ([System.Guid]::NewGuid())
New-Item -ItemType Directory -Path $scratch | Out-Null
try {
  foreach ($file in "$name.tar.gz", "SHA256SUMS") {
    $target = Join-Path $scratch $file
    if (Test-Path -LiteralPath $From -PathType Container) { Copy-Item -LiteralPath (Join-Path $From $file) -Destination $target }
    else { Invoke-WebRequest -UseBasicParsing -Uri "$From/$file" -OutFile $target }
  }
  $line = Get-Content (Join-Path $scratch "SHA256SUMS") | Where-Object { $_ -match "^[0-9a-f]{64}  $([regex]::Escape($name)).tar.gz$" }
  if (-not $line) { throw "SHA256SUMS does not name $name.tar.gz" }
  $found = (Get-FileHash -Algorithm SHA256 -LiteralPath (Join-Path $scratch "$name.tar.gz")).Hash.ToLowerInvariant()
  if ($found -ne $line.Substring(0, 64)) { throw "$name.tar.gz is not what SHA256SUMS says; nothing was installed" }
  tar -xzf (Join-Path $scratch "$name.tar.gz") -C $scratch
  if ($LASTEXITCODE -ne 0) { throw "could not unpack $name.tar.gz" }
  New-Item -ItemType Directory -Force -Path $To | Out-Null
  Copy-Item -Force -LiteralPath (Join-Path $scratch "$name\{{ bin }}.exe") -Destination (Join-Path $To "{{ bin }}.exe")
  Write-Output "{{ bin }} {{ version }} is at $(Join-Path $To "{{ bin }}.exe"); put $To on PATH"
}
finally { Remove-Item -Recurse -Force -LiteralPath $scratch }
