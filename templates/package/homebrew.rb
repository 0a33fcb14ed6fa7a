class {{ name | capitalize }} < Formula
  desc {{ description | json }}
  version {{ version | json }}
  license {{ license | json }}

{% for target in targets if target.homebrew %}
  {{ target.homebrew[0] }} do
    {{ target.homebrew[1] }} do
      url {{ (base_url ~ "/" ~ target.archive) | json }}
      sha256 {{ target.sha256 | json }}
    end
  end

{% endfor %}
  def install
    bin.install "{{ bin }}"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/{{ bin }}.bash" => "{{ bin }}"
    zsh_completion.install "completions/_{{ bin }}"
    fish_completion.install "completions/{{ bin }}.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/{{ bin }} --version")
    assert_match "deny", shell_output("#{bin}/{{ bin }} guard check -- 'git push -f origin main'", 1)
  end
end
